package overlay

import (
	"cmp"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// kernelPort is the port of VXLAN that the kernel takes by itself (IANA's is 4789).
const kernelPort = 8472

// freePort is an example of a port that a filter may let pass.
const freePort = 8475

// taken finds nodes on which something else holds the tunnel's port, or on which
// the tunnel is down or not there.
func taken(s *facts.Snapshot) []check.Finding {
	port := cmp.Or(cni.Of(s).TunnelPort(), kernelPort)
	for _, n := range s.Selected() {
		if h, why := dataplane.Seen(s, n.Name); why == "" {
			for _, t := range dataplane.Tunnels(s, *h, n) {
				port = cmp.Or(t.Vxlan.Port, port)
			}
		}
	}
	var faults []peering.Fault
	for _, n := range s.Selected() {
		h, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		holder := holderOf(h, port)
		if f, bad := tunnelless(s, n, h, port, holder); bad {
			faults = append(faults, f)
		} else if holder != nil {
			faults = append(faults, held(s, n.Name, port, *holder, fmt.Sprintf("%s holds UDP port %d, which the tunnel needs", processOf(*holder), port)))
		}
		faults = append(faults, others(s, n, h, port)...)
	}
	return peering.Fold(faults)
}

// holderOf is the socket of a process on a port; a tunnel's own is the kernel's
// and has no process.
func holderOf(h *facts.HostLook, port int) *facts.BoundSocket {
	if h.Sockets == nil {
		return nil
	}
	for i := range h.Sockets.UDP {
		if b := h.Sockets.UDP[i]; int(b.Local.Port()) == port && (b.Process != "" || b.OwnerUnknown) {
			return &b
		}
	}
	return nil
}

func processOf(b facts.BoundSocket) string {
	if b.Process == "" {
		return "a process of the host (the command below names it)"
	}
	return fmt.Sprintf("the process %s (%d)", b.Process, b.PID)
}

func socketText(b facts.BoundSocket) string {
	if b.Process == "" {
		return fmt.Sprintf("%s, not the kernel's own; whose it is the agent is not allowed to see", b.Local)
	}
	return fmt.Sprintf("%s %s pid %d", b.Local, b.Process, b.PID)
}

func held(s *facts.Snapshot, node string, port int, b facts.BoundSocket, says string) peering.Fault {
	return peering.Fault{
		Node: node, Kind: "held" + b.Process, Verdict: check.Fail, Says: says,
		Evidence: []check.Evidence{{Node: node, Source: "UDP socket (last look)", Text: socketText(b)}},
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "See what it is: the process that holds the port, and the unit or pod it belongs to", Node: node, Command: fmt.Sprintf("ss -lunp 'sport = :%d'; ps -o pid,unit,args -p $(ss -lunpH 'sport = :%d' | grep -oP 'pid=\\K[0-9]+' | paste -sd,)", port, port)},
			{Text: "Stop the unit or pod that the step above names, once it is known that nobody needs it there"},
			{Text: peering.RestartCNI(s, node).Text + "; it makes the tunnel anew", Command: peering.RestartCNI(s, node).Command},
			{Purpose: check.Last, Text: "Give it another port where it is configured, or let it start no more (systemctl disable), or it takes the port again after the next boot", Node: node, Command: remedies.WhereWritten(node, "", fmt.Sprint(port)).Command},
		},
		Then: []check.Remedy{{Purpose: check.Verify, Text: fmt.Sprintf("Check that the tunnel is there and UP, with dstport %d", port), Node: node, Command: "ip -d link show type vxlan"}},
	}
}

// tunnelless: the node's tunnel is down, or not there though the CNI works with VXLAN.
func tunnelless(s *facts.Snapshot, n facts.Node, h *facts.HostLook, port int, holder *facts.BoundSocket) (peering.Fault, bool) {
	tunnels := dataplane.Tunnels(s, *h, n)
	says := ""
	for _, t := range tunnels {
		if !t.Up {
			says = fmt.Sprintf("the tunnel %s is down", t.Name)
		}
	}
	if len(tunnels) == 0 && dataplane.Backend(n) == "vxlan" {
		says = "the tunnel is not there, though the network plugin works with VXLAN"
	}
	if says == "" {
		return peering.Fault{}, false
	}
	if holder != nil {
		return held(s, n.Name, port, *holder, fmt.Sprintf("%s: %s holds its UDP port %d", says, processOf(*holder), port)), true
	}
	dev := cmp.Or(cni.Of(s).TunnelName(), "DEVICE")
	if len(tunnels) > 0 {
		dev = tunnels[0].Name
	}
	return peering.Fault{
		Node: n.Name, Kind: "down", Verdict: check.Fail, Says: says,
		Evidence: []check.Evidence{{Node: n.Name, Source: "interfaces (last look)", Text: says}},
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "See who holds the port", Node: n.Name, Command: fmt.Sprintf("ss -lunp 'sport = :%d'; ip -d link show type vxlan", port)},
			{Text: "Bring it up", Node: n.Name, Command: fmt.Sprintf("ip link set %s up", dev)},
			peering.RestartCNI(s, n.Name),
		},
		Then: []check.Remedy{{Purpose: check.Verify, Text: "Check that it is up: UP and LOWER_UP must stand in the brackets", Node: n.Name, Command: "ip link show " + dev}},
	}, true
}

// others are VXLAN devices of somebody else on the same port: the kernel lets
// them share it only if they are configured alike.
func others(s *facts.Snapshot, n facts.Node, h *facts.HostLook, port int) []peering.Fault {
	ours := map[string]bool{}
	for _, t := range dataplane.Tunnels(s, *h, n) {
		ours[t.Name] = true
	}
	var out []peering.Fault
	for _, i := range h.Interfaces {
		if i.Vxlan == nil || i.Vxlan.Port != port || ours[i.Name] || len(ours) == 0 {
			continue
		}
		out = append(out, peering.Fault{
			Node: n.Name, Kind: "shared" + i.Name, Verdict: check.Warn,
			Says:     fmt.Sprintf("another tunnel, %s (VNI %d), uses the same UDP port %d", i.Name, i.Vxlan.VNI, port),
			Evidence: []check.Evidence{{Node: n.Name, Source: "interfaces (last look)", Text: fmt.Sprintf("%s vxlan id %d dstport %d", i.Name, i.Vxlan.VNI, i.Vxlan.Port)}},
			Repair:   []check.Remedy{{Text: "If nobody needs it (a network plugin that once ran here), remove it", Node: n.Name, Command: "ip link del " + i.Name}, remedies.Again("overlay/port")},
		})
	}
	return out
}

// portRemedy gives the next steps where the port does not pass.
func portRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	port := int(c.To.Port)
	tables := "iptables"
	if c.To.Addr.Is6() {
		tables = "ip6tables"
	}
	out := []check.Remedy{
		{Purpose: check.Find, Text: "See whether the packets leave the sender (repeat the run meanwhile)", Node: c.From.Node, Command: fmt.Sprintf("timeout 60 tcpdump -ni any -c 10 udp port %d and host %s", port, c.To.Addr)},
		{Purpose: check.Find, Text: "See whether they arrive", Node: c.To.Node, Command: fmt.Sprintf("timeout 60 tcpdump -ni any -c 10 udp port %d", port)},
		{Text: "If they arrive, a rule of the receiver drops them (firewall/input and firewall/drops name it); allow the port", Node: c.To.Node, Command: fmt.Sprintf("%s -I INPUT -p udp --dport %d -j ACCEPT", tables, port)},
		{Purpose: check.Last, Text: "Where a rule of the receiver drops them, allow the port in what wrote that rule, or it comes back at the next boot or reload", Node: c.To.Node, Command: remedies.WhereWritten("", "", "DROP|REJECT|drop|reject").Command},
		{Text: fmt.Sprintf("If they do not arrive, something between the nodes drops them: allow UDP %d in the security group or the firewall of the network", port)},
	}
	if step, ok := remedies.PluginPort(s, freePort); ok {
		out = append(out, check.Remedy{Purpose: check.Last, Text: "Where that cannot be changed and another UDP port passes, " + step.Text, Command: step.Command})
	}
	return append(out, remedies.Again("overlay/port"))
}
