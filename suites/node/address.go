package node

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed address.md
var addressDoc string

// Address promises that a node is what the cluster takes it for.
func Address() check.Check {
	return check.Check{
		ID:       "node/address",
		Promise:  "The node's InternalIP sits on one of its interfaces and is the source towards every other node, and the default-route interface has one global address per family.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      addressDoc,
		Evaluate: address,
	}
}

func address(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	var faults []peering.Fault
	for _, n := range s.Selected() {
		h, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		faults = append(faults, homeless(s, n, h)...)
		faults = append(faults, sources(n, h)...)
		faults = append(faults, severalAddresses(n, h)...)
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	return check.Conclude(fmt.Sprintf("%d of %d nodes send to the others from their InternalIP, which is on an interface of theirs",
		check.Clean(s.Selected(), findings), len(s.Selected())), findings)
}

// homeless are InternalIPs that no interface of the node has.
func homeless(s *facts.Snapshot, n facts.Node, h *facts.HostLook) []peering.Fault {
	var out []peering.Fault
	for _, a := range n.Internal {
		if _, ok := holder(h, a); ok || len(h.Interfaces) == 0 {
			continue
		}
		out = append(out, peering.Fault{
			Node: n.Name, Kind: "homeless" + n.Name, Verdict: check.Fail,
			Says:     fmt.Sprintf("no interface of the node has its InternalIP %s", a),
			Evidence: []check.Evidence{{Node: n.Name, Source: "addresses (last look)", Text: globals(h)}},
			Repair: []check.Remedy{
				{Purpose: check.Find, Text: "See which addresses the node has, and which one the kubelet was told", Node: n.Name, Command: "ip -br addr; cat /var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet 2>/dev/null; systemctl cat " + distribution.KubeletOf(s).Units() + " | grep -- --node-ip"},
				{Text: "If its address changed: let the kubelet read it again", Node: n.Name, Command: distribution.KubeletOf(s).Restart()},
				{Purpose: check.Last, Text: fmt.Sprintf("Where --node-ip names %s, put the right address there, or the kubelet publishes the old one again", a), Node: n.Name, Command: fmt.Sprintf("grep -rsn -e '--node-ip' -e '%s' /var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet /etc/systemd/system", a)},
				{Purpose: check.Verify, Text: "Check what the cluster takes for its address: INTERNAL-IP must be one that the node has", Command: "kubectl get node -o wide " + n.Name},
			},
		})
	}
	return out
}

func holder(h *facts.HostLook, a netip.Addr) (facts.Interface, bool) {
	i := slices.IndexFunc(h.Interfaces, func(i facts.Interface) bool { return hasAddr(i, a) })
	if i < 0 {
		return facts.Interface{}, false
	}
	return h.Interfaces[i], true
}

func globals(h *facts.HostLook) string {
	var out []string
	for _, i := range h.Interfaces {
		for _, p := range i.Addrs {
			if p.Addr().IsGlobalUnicast() {
				out = append(out, i.Name+" "+p.String())
			}
		}
	}
	return strings.Join(out, ", ")
}

// sources are ways to other nodes on which the kernel picks another source. An
// InternalIP on the loopback or a dummy interface is announced by routing, and
// never the one that is picked.
func sources(n facts.Node, h *facts.HostLook) []peering.Fault {
	var out []peering.Fault
	for _, l := range h.Lookups {
		peer, ok := strings.CutPrefix(l.For, "host/")
		if !ok || !l.PrefSrc.IsValid() || l.Iif != "" {
			continue
		}
		own := dataplane.Underlay(facts.Node{Internal: n.Internal}, dataplane.Of(l.Dst))
		if len(own) == 0 || slices.Contains(own, l.PrefSrc) {
			continue
		}
		if i, found := holder(h, own[0]); found && (i.Name == "lo" || i.Kind == "dummy") {
			continue
		}
		ip := dataplane.IP(dataplane.Of(l.Dst))
		out = append(out, peering.Fault{
			Node: n.Name, Peer: peer, Kind: "source" + n.Name, Verdict: check.Fail,
			Says:     fmt.Sprintf("packets to the host of %s (%s) leave with the source %s, not with the node's InternalIP %s", peer, l.Dst, l.PrefSrc, own[0]),
			Evidence: []check.Evidence{{Node: n.Name, Source: fmt.Sprintf("%s route get %s (last look)", ip, l.Dst), Text: fmt.Sprintf("dev %s src %s", l.Dev, l.PrefSrc)}},
			Repair: []check.Remedy{
				{Purpose: check.Find, Text: "Look for a second address on the interface, and for a route with a source of its own", Node: n.Name, Command: fmt.Sprintf("%s addr show dev %s; %s route show | grep src", ip, l.Dev, ip)},
				{Text: fmt.Sprintf("Take the address %s away, and let the network plugin, the container runtime and the kubelet see it", l.PrefSrc), Node: n.Name, Command: fmt.Sprintf("ip addr del $(ip -o addr show to %s | awk '{print $4}') dev %s; systemctl restart containerd kubelet", l.PrefSrc, l.Dev)},
				remedies.WhereWritten(n.Name, "Take it away where it comes from too (BOOTPROTO=none, dhcp4: false), or it is back after the next lease or reboot; where it has to stay, tell the kubelet the right one (--node-ip)", "BOOTPROTO|dhcp4|inet dhcp|method=auto|"+strings.ReplaceAll(l.PrefSrc.String(), ".", "[.]")),
			},
			Then: []check.Remedy{{Purpose: check.Verify, Text: "Check the source that the kernel takes: it must say src " + own[0].String(), Node: n.Name, Command: fmt.Sprintf("%s route get %s", ip, l.Dst)}},
		})
	}
	return out
}

// severalAddresses tells of a default-route interface with more than one global
// address of a family. IPv6 hosts have one for privacy and one that lasts, so there
// only static ones count (RFC 8981).
func severalAddresses(n facts.Node, h *facts.HostLook) []peering.Fault {
	var out []peering.Fault
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		way, ok := dataplane.RoutesOf(*h).Default(f)
		i, found := h.Interface(way.Dev)
		if !ok || !found {
			continue
		}
		var named []string
		for _, p := range i.Addrs {
			dynamic := slices.Contains(i.Dynamic, p)
			if dataplane.Of(p.Addr()) != f || !p.Addr().IsGlobalUnicast() || f == facts.IPv6 && dynamic {
				continue
			}
			kind := "static"
			if dynamic {
				kind = "dynamic"
			}
			named = append(named, fmt.Sprintf("%s (%s)", p, kind))
		}
		if len(named) < 2 {
			continue
		}
		out = append(out, peering.Fault{
			Node: n.Name, Kind: "several" + n.Name + string(f), Verdict: check.Warn,
			Says:     fmt.Sprintf("%s, the interface of the default route, has %d global addresses: %s; what picks a source may pick the wrong one", i.Name, len(named), strings.Join(named, ", ")),
			Evidence: []check.Evidence{{Node: n.Name, Source: "addresses of " + i.Name + " (last look)", Text: strings.Join(named, ", ")}},
			Repair: []check.Remedy{
				{Purpose: check.Find, Text: "See which one is not meant (a DHCP client beside a static address); one that moves between nodes (keepalived, kube-vip) may stay", Node: n.Name, Command: fmt.Sprintf("ip addr show dev %s; networkctl status %s --no-pager 2>/dev/null; nmcli -g GENERAL,IP4 device show %s 2>/dev/null", i.Name, i.Name, i.Name)},
				remedies.WhereWritten(n.Name, "Take that one away where it comes from, or it is back after the next lease or reboot", "BOOTPROTO|dhcp4|inet dhcp|method=auto"),
				{Purpose: check.Verify, Text: "Check that one global address is left", Node: n.Name, Command: fmt.Sprintf("ip -br addr show dev %s", i.Name)},
			},
		})
	}
	return out
}
