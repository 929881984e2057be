package overlay

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed local_address.md
var localAddressDoc string

// LocalAddress promises that a tunnel sends from the address at which its node is known.
func LocalAddress() check.Check {
	return check.Check{
		ID:       "overlay/local-address",
		Promise:  "The tunnel's local address is the node's InternalIP and what the network plugin published.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      localAddressDoc,
		Evaluate: localAddress,
	}
}

func localAddress(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	var faults []peering.Fault
	tunnels := 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, t := range carriers(s, last, n) {
			if !localOf(t).IsValid() {
				continue
			}
			tunnels++
			if f, bad := wrongLocal(s, n, last, t); bad {
				faults = append(faults, f)
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	if tunnels == 0 && len(findings) == 0 {
		return check.Skipf("no node has a tunnel for pods with a local address of its own (%s)", pluginName(s))
	}
	return check.Conclude(fmt.Sprintf("%d of %d tunnels send from the node's own, published address", tunnels-len(faults), tunnels), findings)
}

func wrongLocal(s *facts.Snapshot, n facts.Node, h *facts.HostLook, t facts.Interface) (peering.Fault, bool) {
	local := localOf(t)
	family := dataplane.Of(local)
	var published []netip.Addr
	if n.Published != nil {
		published = dataplane.Underlay(facts.Node{Published: n.Published}, family)
	}
	internal := dataplane.Underlay(facts.Node{Internal: n.Internal}, family)
	f := peering.Fault{
		Node: n.Name, Kind: "local" + n.Name + t.Name, Verdict: check.Fail,
		Evidence: []check.Evidence{{Node: n.Name, Source: "tunnel " + t.Name + " (last look)", Text: "local " + local.String()}},
	}
	f.Evidence = append(f.Evidence, addressesOf(n, h, local, internal)...)
	switch {
	case len(internal) == 0:
		return f, false
	case len(published) > 0 && !slices.Contains(published, local):
		f.Says = fmt.Sprintf("%s sends from %s, but the network plugin published %s, where the others send to, and the node's InternalIP is %s",
			t.Name, local, published[0], internal[0])
	case slices.Contains(internal, local):
		return f, false
	case len(published) > 0 && holder(h, local) != "" && holder(h, local) != holder(h, internal[0]):
		f.Verdict = check.Warn
		f.Says = fmt.Sprintf("%s sends from %s on %s, as published, while the node's InternalIP is %s: right only if another network was meant for pods",
			t.Name, local, holder(h, local), internal[0])
	default:
		f.Says = fmt.Sprintf("%s sends from %s, but the node's InternalIP is %s: answers go elsewhere, or are not accepted", t.Name, local, internal[0])
	}
	f.Repair = localRemedy(s, n, h, t, internal[0])
	return f, true
}

// holder is the interface with an address.
func holder(h *facts.HostLook, a netip.Addr) string {
	for _, i := range h.Interfaces {
		if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a }) {
			return i.Name
		}
	}
	return ""
}

// addressesOf shows the addresses of the interfaces that hold the two.
func addressesOf(n facts.Node, h *facts.HostLook, local netip.Addr, internal []netip.Addr) []check.Evidence {
	var out []check.Evidence
	for _, i := range h.Interfaces {
		if !slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == local || slices.Contains(internal, p.Addr()) }) {
			continue
		}
		text := ""
		for _, p := range i.Addrs {
			kind := "static"
			if slices.Contains(i.Dynamic, p) {
				kind = "dynamic"
			}
			text += fmt.Sprintf("%s (%s) ", p, kind)
		}
		out = append(out, check.Evidence{Node: n.Name, Source: "addresses of " + i.Name + " (last look)", Text: text[:len(text)-1]})
	}
	return out
}

func localRemedy(s *facts.Snapshot, n facts.Node, h *facts.HostLook, t facts.Interface, internal netip.Addr) []check.Remedy {
	local := localOf(t)
	out := []check.Remedy{}
	if dev := holder(h, local); dev != "" && dev == holder(h, internal) {
		bits := local.BitLen()
		if i, ok := h.Interface(dev); ok {
			for _, p := range i.Addrs {
				if p.Addr() == local {
					bits = p.Bits()
				}
			}
		}
		out = append(out,
			check.Remedy{Text: "Take the second address away", Node: n.Name, Command: fmt.Sprintf("%s addr del %s/%d dev %s", dataplane.IP(dataplane.Of(local)), local, bits, dev)},
			remedies.WhereWritten(n.Name, "Take it away where it comes from too (a DHCP client beside a static address: BOOTPROTO=none, dhcp4: false), or it is back with the next lease",
				"BOOTPROTO|dhcp4|inet dhcp|method=auto|"+strings.ReplaceAll(local.String(), ".", "[.]")))
	}
	if step, ok := remedies.PluginAddress(s, n.Name, internal); ok {
		out = append(out, check.Remedy{Purpose: check.Last, Text: "Where the second address must stay, " + step.Text, Command: step.Command})
	}
	return append(out,
		peering.RestartCNI(s, n.Name),
		check.Remedy{Purpose: check.Verify, Text: "Check the tunnel: it must say local " + internal.String(), Node: n.Name, Command: "ip -d link show " + t.Name},
	)
}
