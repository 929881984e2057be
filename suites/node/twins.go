package node

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// claimed judges who answered for one node's address.
func claimed(s *facts.Snapshot, t facts.Target, heard []map[string][]string, i int) (peering.Fault, bool) {
	macs := slices.Sorted(maps.Keys(heard[i]))
	own := ownMAC(s, t)
	foreign := slices.DeleteFunc(slices.Clone(macs), func(m string) bool { return m == own || proxied(heard, m) })
	if len(macs) == 0 || len(foreign) == 0 || own == "" && len(macs) == 1 {
		return peering.Fault{}, false
	}
	if second, ok := ownInterfaces(s, t.Node, foreign); ok {
		return several(t, second, macs), true
	}
	f := peering.Fault{
		Node: t.Node, Kind: "claimed" + t.Node, Verdict: check.Fail,
		Says: fmt.Sprintf("ARP for the address %s of %s is answered by %s", t.Addr, t.Node, strings.Join(macs, " and ")),
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "Ask who answers, from another node", Node: heard[i][foreign[0]][0], Command: fmt.Sprintf("arping -D -c 3 -I %s %s", towards(s, heard[i][foreign[0]][0], t.Addr), t.Addr)},
			{Text: "Find the machine with that MAC (the switch's table, the hypervisor, the DHCP server's leases) and give it another address: " + strings.Join(foreign, ", "), Node: heard[i][foreign[0]][0], Command: fmt.Sprintf("ip neigh | grep -i %s", foreign[0])},
			{Purpose: check.Last, Text: "When the other machine is gone, let the nodes forget what they learnt", Node: heard[i][foreign[0]][0], Command: fmt.Sprintf("ip neigh del %[1]s dev %[2]s; ip neigh flush to %[1]s", t.Addr, towards(s, heard[i][foreign[0]][0], t.Addr))},
			{Purpose: check.Verify, Text: "Check that one alone answers: a single MAC may stand there", Node: heard[i][foreign[0]][0], Command: fmt.Sprintf("arping -c 3 -I %s %s | grep -o '\\[.*\\]' | sort -u", towards(s, heard[i][foreign[0]][0], t.Addr), t.Addr)},
		},
	}
	if own != "" {
		f.Repair = append(f.Repair, check.Remedy{
			Text: "Until then, let this node hold to the right MAC", Node: heard[i][foreign[0]][0],
			Command: fmt.Sprintf("ip neigh replace %s lladdr %s dev %s nud permanent", t.Addr, own, towards(s, heard[i][foreign[0]][0], t.Addr)),
		})
		f.Says += fmt.Sprintf("; its own is %s", own)
		f.Evidence = append(f.Evidence, check.Evidence{Node: t.Node, Source: "MAC of the interface with " + t.Addr.String(), Text: own})
	}
	for _, n := range s.Nodes {
		for _, m := range nicMACs(s, n) {
			if n.Name != t.Node && slices.Contains(foreign, strings.ToLower(m)) {
				f.Says += fmt.Sprintf("; %s is the node %s", strings.ToLower(m), n.Name)
			}
		}
	}
	for _, m := range macs {
		f.Evidence = append(f.Evidence, check.Evidence{Node: heard[i][m][0], Source: "ARP answer for " + t.Addr.String() + ", heard from " + peering.Names(heard[i][m]), Text: m})
	}
	return f, true
}

// ownInterfaces gives the names of a node's own interfaces that have these MACs;
// not ok where one of them is of nobody there.
func ownInterfaces(s *facts.Snapshot, node string, macs []string) ([]string, bool) {
	h, why := dataplane.Seen(s, node)
	if why != "" {
		return nil, false
	}
	var out []string
	for _, mac := range macs {
		i := slices.IndexFunc(h.Interfaces, func(i facts.Interface) bool { return strings.EqualFold(i.MAC, mac) })
		if i < 0 {
			return nil, false
		}
		out = append(out, h.Interfaces[i].Name)
	}
	return out, true
}

// several: a host answers by every interface on the segment unless it is told not
// to (Documentation/networking/ip-sysctl.rst, arp_ignore).
func several(t facts.Target, interfaces, macs []string) peering.Fault {
	return peering.Fault{
		Node: t.Node, Kind: "several" + t.Node, Verdict: check.Warn,
		Says: fmt.Sprintf("ARP for the address %s of %s is answered by several of its own interfaces (also by %s): packets for it may come in by the wrong one",
			t.Addr, t.Node, strings.Join(interfaces, ", ")),
		Evidence: []check.Evidence{{Node: t.Node, Source: "ARP answers for " + t.Addr.String(), Text: strings.Join(macs, ", ")}},
		Repair: []check.Remedy{{
			Text: "Let each interface answer for its own addresses only", Node: t.Node,
			Command: "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2",
		}, {
			Purpose: check.Last, Text: "Set it at every start", Node: t.Node,
			Command: "printf '%s\\n' 'net.ipv4.conf.all.arp_ignore = 1' 'net.ipv4.conf.all.arp_announce = 2' > /etc/sysctl.d/zz-arp.conf",
		}, remedies.Again("node/duplicate-address")},
	}
}

// proxied says whether a MAC answers for several nodes' addresses: then it is
// the network that answers for all (clouds, proxy ARP), not a twin.
func proxied(heard []map[string][]string, mac string) bool {
	n := 0
	for _, h := range heard {
		if len(h) == 1 && h[mac] != nil {
			n++
		}
	}
	return n > 1
}

// ownMAC is that of the interface with a node's address, else what its agent told.
func ownMAC(s *facts.Snapshot, t facts.Target) string {
	if h, why := dataplane.Seen(s, t.Node); why == "" {
		if i, ok := holder(h, t.Addr); ok {
			return strings.ToLower(i.MAC)
		}
	}
	if n := s.Node(t.Node); n != nil {
		return strings.ToLower(n.NodeAgent.MAC)
	}
	return ""
}

// twins finds nodes that share what only one may have.
func twins(s *facts.Snapshot) []check.Finding {
	marks := []struct {
		what    string
		verdict check.Verdict
		of      func(facts.Node) []string
		remedy  check.Remedy
	}{
		{"InternalIP", check.Fail, internals, check.Remedy{Text: "Give one of them another address where its own is set (DHCP, its network configuration), and restart its kubelet", Command: "kubectl get nodes -o wide"}},
		{"MAC", check.Fail, func(n facts.Node) []string { return nicMACs(s, n) }, check.Remedy{Text: "Give one of the virtual machines another MAC (cloned machines keep it)"}},
		{"machine-id", check.Warn, func(n facts.Node) []string { return []string{machineID(s, n)} }, check.Remedy{
			Text: "They are clones of one machine: make a new id on all but one (machine-id(5), systemd-machine-id-setup), which counts from its next start (DHCP servers give the same address to the same id)",
		}},
		{"product UUID", check.Warn, func(n facts.Node) []string {
			if n.SystemUUID == n.MachineID {
				return nil // the kubelet takes the machine-id where the firmware tells no UUID
			}
			return []string{n.SystemUUID}
		}, check.Remedy{Text: "Give each virtual machine a UUID of its own; nodes that are containers of one host share the host's, which is well"}},
	}
	var out []check.Finding
	for _, m := range marks {
		nodes := map[string][]string{}
		for _, n := range s.Nodes {
			for _, v := range m.of(n) {
				if v != "" {
					nodes[v] = append(nodes[v], n.Name)
				}
			}
		}
		for _, v := range slices.Sorted(maps.Keys(nodes)) {
			if len(nodes[v]) < 2 {
				continue
			}
			f := check.Finding{
				Subject: peering.Names(nodes[v]), Nodes: nodes[v], Verdict: m.verdict,
				Says: fmt.Sprintf("%s have the same %s %s", peering.Names(nodes[v]), m.what, v), Remedy: []check.Remedy{m.remedy, remedies.Again("node/duplicate-address")},
			}
			for _, name := range nodes[v][:min(5, len(nodes[v]))] {
				f.Evidence = append(f.Evidence, check.Evidence{Node: name, Source: m.what, Text: v})
			}
			out = append(out, f)
		}
	}
	return out
}

// towards is the interface by which a node has an address on its own network.
func towards(s *facts.Snapshot, node string, a netip.Addr) string {
	if h, why := dataplane.Seen(s, node); why == "" {
		for _, i := range h.Interfaces {
			if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Contains(a) }) {
				return i.Name
			}
		}
	}
	return "INTERFACE"
}

func internals(n facts.Node) []string {
	var out []string
	for _, a := range n.Internal {
		out = append(out, a.String())
	}
	return out
}

// nicMACs are those of the interfaces with the node's addresses.
func nicMACs(s *facts.Snapshot, n facts.Node) []string {
	var out []string
	h, why := dataplane.Seen(s, n.Name)
	if why != "" {
		return nil
	}
	for _, a := range n.Internal {
		if i, ok := holder(h, a); ok && !slices.Contains(out, i.MAC) && i.MAC != "00:00:00:00:00:00" {
			out = append(out, i.MAC)
		}
	}
	return out
}

func machineID(s *facts.Snapshot, n facts.Node) string {
	if h, why := dataplane.Seen(s, n.Name); why == "" && h.MachineID != "" {
		return h.MachineID
	}
	return n.MachineID
}
