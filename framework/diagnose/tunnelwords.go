package diagnose

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/figures"
)

func (in *input) tunnelSays(t tunnelFault) string {
	tunnel := fmt.Sprintf("VXLAN, UDP port %d, device %s", t.dev.Vxlan.Port, t.dev.Name)
	if len(t.drops) > 0 {
		d := t.drops[0]
		return fmt.Sprintf("%s: rule %d of %s (table %s) drops the tunnel of the pod network (%s)",
			names(t.nodes), d.rule.Position, d.chain.Name, d.chain.Table, tunnel)
	}
	ends, otherwise := "to the other nodes", "while the hosts reach one another"
	shaped := len(t.shape.nodes) > 0
	if !shaped {
		otherwise = "while UDP to another port passes"
	}
	switch {
	case shaped && len(t.nodes) == len(t.shape.nodes):
		ends = "between the nodes"
	case len(t.nodes) == 2 && t.blocked[pair{t.nodes[0], t.nodes[1]}]:
		return fmt.Sprintf("the tunnel between %s and %s carries nothing (%s), %s", t.nodes[0], t.nodes[1], tunnel, otherwise)
	}
	return fmt.Sprintf("%s: the tunnel %s carries nothing (%s), %s", names(t.nodes), ends, tunnel, otherwise)
}

func (in *input) tunnelEvidence(t tunnelFault) []check.Evidence {
	var out []check.Evidence
	if len(t.shape.nodes) > 0 {
		out = append(out,
			check.Evidence{Source: "matrix pod → pod", Text: fmt.Sprintf("%s of nodes: every probe timed out, no error came back", figures.Count(t.silent, "ordered pair"))},
			check.Evidence{Source: "matrix host → host", Text: fmt.Sprintf("the same pairs: %s, none failed", figures.Count(t.hostOK, "right answer"))},
		)
	}
	for _, d := range t.drops {
		out = append(out, d.evidence())
	}
	for _, n := range t.nodes {
		if dev, ok := in.vxlanOf(n); ok {
			out = append(out, check.Evidence{Node: n, Source: "device " + dev.Name, Text: fmt.Sprintf(
				"vxlan id %d, local %s, over %s, UDP port %d", dev.Vxlan.VNI, dev.Vxlan.Local, dev.Vxlan.Device, dev.Vxlan.Port)})
		}
	}
	return out
}

// tunnelRemedy gives the exact command where the rule is known, and otherwise
// how to find it: in the hosts' rules first, then with a capture at both ends.
func (in *input) tunnelRemedy(t tunnelFault) []check.Remedy {
	var out []check.Remedy
	for _, d := range t.drops {
		out = append(out, in.withdraw(d))
	}
	port := t.dev.Vxlan.Port
	verify := check.Remedy{
		Purpose: check.Verify, Text: "check the tunnel and the pods: PASS must stand at both, and the exit status must be 0",
		Command: "plumbline run --checks overlay/port,reach/pod-to-pod",
	}
	if len(t.drops) > 0 {
		return append(out, check.Remedy{
			Purpose: check.Last, Text: "find out what made the rule (a firewall service, a security agent), and allow the port there, or it comes back", Node: t.drops[0].node,
			Command: fmt.Sprintf("grep -rsnIE -- '%d|DROP|drop' /etc/iptables /etc/sysconfig /etc/nftables.conf /etc/nftables.d /etc/ufw /etc/firewalld /etc/systemd /etc/cron.d /etc/rc.local /usr/local/bin /usr/local/sbin", port),
		}, verify)
	}
	for _, n := range t.nodes {
		out = append(out, check.Remedy{
			Purpose: check.Find, Text: "look for a rule about the port", Node: n,
			Command: fmt.Sprintf("iptables-save | grep -w %d; nft list ruleset | grep -w %d", port, port),
		})
	}
	peers := in.ends(t.blocked)
	for _, n := range peers[:min(2, len(peers))] {
		out = append(out, check.Remedy{
			Purpose: check.Find, Text: "watch both ends at once: sent there and not received here means a filter between the nodes", Node: n,
			Command: fmt.Sprintf("tcpdump -ni %s udp port %d", t.uplink(), port),
		})
	}
	return append(out, in.letPass(port), verify)
}

// withdraw takes a rule away that drops the tunnel. One that the network plugin wrote
// is not deleted, for it keeps others out: its agent writes it, and the addresses that
// it lets in, anew when it starts.
func (in *input) withdraw(d dropRule) check.Remedy {
	plugin, own := cni.ByChain(d.chain.Name)
	if d.chain.Tool == "nft" {
		plugin, own = cni.ByTable(d.chain.Table)
	}
	if !own {
		return check.Remedy{Text: "delete the rule that drops the tunnel", Node: d.node, Command: d.undo()}
	}
	step := check.Remedy{
		Text: fmt.Sprintf("the rule is %s's own: restart its agent on %s, which writes its rules and the addresses of its peers anew",
			plugin.Name(), d.node),
		Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + d.node,
	}
	for _, p := range slices.Concat(in.facts.Cluster.CNIPodsLast, in.facts.Cluster.CNIPods) {
		if p.Node == d.node {
			step.Command = fmt.Sprintf("kubectl -n %s delete pod %s", p.Namespace, p.Name)
			break
		}
	}
	return step
}

// letPass: what lies between the nodes has to change, or, for those who cannot
// change that, the tunnel's port, where the network plugin has a setting for it.
func (in *input) letPass(port int) check.Remedy {
	const free = 8475
	text := fmt.Sprintf("allow UDP port %d between all nodes, both ways, in the security group or firewall between them; where that is not yours, ", port)
	plugin := cni.Of(in.facts)
	if namespace, set := plugin.Agent(in.facts); plugin.Words.Port != nil && set != "" && len(in.facts.Cluster.CNIPods) > 0 {
		step := plugin.Words.Port(cni.Agent{Namespace: namespace, DaemonSet: set}, free)
		return check.Remedy{Text: text + step.Text, Command: step.Command}
	}
	return check.Remedy{Text: text + "move the tunnel to a UDP port that passes, in the configuration of the network plugin"}
}

func (t tunnelFault) uplink() string {
	if t.dev.Vxlan.Device != "" {
		return t.dev.Vxlan.Device
	}
	return "any"
}
