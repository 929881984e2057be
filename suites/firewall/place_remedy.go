package firewall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// remedy takes a rule, or a policy, away from a node, tells what would bring it
// back, and shows that it is gone.
func (p place) remedy(s *facts.Snapshot, node string) []check.Remedy {
	undo := check.Remedy{Text: "Take the rule away", Node: node, Command: p.undo()}
	if p.position == 0 {
		undo.Text = "Let packets through that no rule decides about"
		if admit := p.admit(s); admit != "" {
			undo.Text, undo.Command = "Let the pods' packets pass; the policy stays as it is for all others", admit
		}
	}
	switch {
	case p.owner.member:
		return p.ofMember(s, node, undo)
	case p.manager.name != "":
		undo.Text = "If the rule is still there after that, take it away"
		return append([]check.Remedy{
			lookAtManager(node),
			{
				Text: fmt.Sprintf("%s manages this table and would bring it back, at once or at its next reload: switch it off, which lasts beyond a reboot", p.manager.name),
				Node: node, Command: p.manager.stop,
			},
			undo, p.gone(s, node),
		}, allowance(s, node, p.manager.name)...)
	}
	return []check.Remedy{undo, p.written(node), p.gone(s, node)}
}

// lookAtManager comes before anything is switched off.
func lookAtManager(node string) check.Remedy {
	return check.Remedy{
		Purpose: check.Find, Text: "See what the firewall manager drops and what it lets pass: somebody may need it on this node", Node: node,
		Command: "(iptables-save; nft list ruleset) 2>/dev/null | grep -nE 'drop|reject|DROP|REJECT|policy'",
	}
}

// admit lets just the pods' packets pass a chain whose policy drops them; empty where
// it is another chain, or where their addresses are not known.
func (p place) admit(s *facts.Snapshot) string {
	if p.chain != "FORWARD" {
		return ""
	}
	var out []string
	for _, c := range s.Cluster.PodCIDRs {
		is6 := c.Addr().Is6()
		word := map[bool]string{false: "ip", true: "ip6"}[is6]
		switch {
		case p.tool == nftTool && (p.family == "inet" || p.family == word):
			rule := fmt.Sprintf("nft add rule %s %s %s %s", p.family, p.table, p.chain, word)
			out = append(out, fmt.Sprintf("%s saddr %s accept; %s daddr %s accept", rule, c, rule, c))
		case p.tool != nftTool && strings.HasPrefix(p.tool, "ip6") == is6:
			rule := p.command() + p.inTable() + " -A " + p.chain
			out = append(out, fmt.Sprintf("%s -s %s -j ACCEPT; %s -d %s -j ACCEPT", rule, c, rule, c))
		}
	}
	return strings.Join(out, "; ")
}

// ofMember are the steps for a chain of the cluster's own components: they write
// their chains anew when they start.
func (p place) ofMember(s *facts.Snapshot, node string, undo check.Remedy) []check.Remedy {
	out := []check.Remedy{
		{
			Purpose: check.Find, Text: fmt.Sprintf("The chain is %s's own: look at what it holds, and at the network policies that apply here", p.owner.name), Node: node,
			Command: p.list(),
		},
		{Purpose: check.Find, Text: "See which network policies there are; one that is not meant has to be changed or deleted", Command: "kubectl get networkpolicies -A"},
	}
	switch {
	case p.owner.name == "Kubernetes":
		out = append(out, remedies.RestartProxy(s, node))
	case slices.Contains([]string{"Docker", "Podman", "nerdctl", "Istio", "ip-masq-agent"}, p.owner.name):
		return append(out, undo, p.written(node), p.gone(s, node))
	default:
		out = append(out, remedies.RestartCNI(s, node))
	}
	undo.Text = "If the rule is there again and no policy asks for it, it is somebody else's: take it away"
	return append(out, undo, p.written(node), p.gone(s, node))
}

// written finds what brings the rule back.
func (p place) written(node string) check.Remedy {
	text := "Whoever made it (a script at boot, a saved rule set, an agent) brings it back: find where it is written, and take it out there"
	if p.tool == nftTool {
		return remedies.WhereWritten(node, text, fmt.Sprintf("table +%s +%s|nft .*(drop|reject|policy)", p.family, p.table))
	}
	pattern := p.chain + ".*(DROP|REJECT|MASQUERADE|SNAT)"
	if p.position == 0 {
		pattern = p.chain + " +DROP|DEFAULT_" + p.chain + "_POLICY"
	}
	if p.position == 0 && p.chain == "FORWARD" {
		text = "Whoever set the policy sets it again: find where it is written (dockerd sets it when it starts, unless /etc/docker/daemon.json says \"ip-forward-no-drop\": true)"
	}
	return remedies.WhereWritten(node, text, pattern)
}

// allowance lets the cluster's traffic pass a firewall manager for good, for
// where it has to stay.
func allowance(s *facts.Snapshot, node, manager string) []check.Remedy {
	step := check.Remedy{Purpose: check.Last, Node: node, Text: "Where " + manager + " has to stay: let it pass what the cluster needs before it is switched on again"}
	if len(s.Nodes) >= mostSources {
		step.Text += fmt.Sprintf(" (the addresses of %d nodes are too many for one line: add the others, or their network)", len(s.Nodes))
	}
	switch manager {
	case "firewalld":
		var zone []string
		for _, cidr := range slices.Concat(s.Cluster.PodCIDRs, s.Cluster.ServiceCIDR) {
			zone = append(zone, "--add-source="+cidr.String())
		}
		for _, n := range s.Nodes {
			for _, a := range n.Internal {
				if len(zone) < mostSources {
					zone = append(zone, "--add-source="+a.String())
				}
			}
		}
		step.Command = fmt.Sprintf("firewall-offline-cmd --zone=trusted %s; firewall-offline-cmd --add-port=30000-32767/tcp --add-port=30000-32767/udp", strings.Join(zone, " "))
	case "ufw":
		var allow []string
		for _, n := range s.Nodes {
			for _, a := range n.Internal {
				if len(allow) < mostSources {
					allow = append(allow, "ufw allow from "+a.String())
				}
			}
		}
		step.Command = strings.Join(allow, "; ") + "; ufw default allow routed; ufw allow 30000:32767/tcp; ufw allow 30000:32767/udp"
	default:
		return nil
	}
	return []check.Remedy{step}
}

// mostSources bounds the addresses that one command names.
const mostSources = 12

// gone shows that the rule does not act any more.
func (p place) gone(s *facts.Snapshot, node string) check.Remedy {
	step := check.Remedy{Purpose: check.Verify, Text: "Check that it is gone: this must print 0", Node: node}
	if admit := p.admit(s); p.position == 0 && admit != "" {
		step.Text, step.Command = "Check the rules that let the pods pass: there must be one for each direction", p.list()
		return step
	}
	switch {
	case p.tool == nftTool && p.position == 0:
		step.Command = p.list() + " 2>/dev/null | grep -c 'policy drop'"
	case p.tool == nftTool:
		step.Command = fmt.Sprintf("%s 2>/dev/null | grep -c 'handle %d$'", p.list(), p.handle)
	case p.position == 0:
		step.Command = fmt.Sprintf("%s | grep -c -- '^-P %s DROP'", p.list(), p.chain)
	default:
		step.Command = fmt.Sprintf("%s | grep -cxF -- '%s'", p.list(), strings.ReplaceAll(p.text, "'", `'\''`))
	}
	return step
}

func (p place) undo() string {
	switch {
	case p.tool == nftTool && p.position == 0:
		return fmt.Sprintf("nft chain %s %s %s '{ policy accept ; }'", p.family, p.table, p.chain)
	case p.tool == nftTool:
		return fmt.Sprintf("nft delete rule %s %s %s handle %d", p.family, p.table, p.chain, p.handle)
	case p.position == 0:
		return fmt.Sprintf("%s%s -P %s ACCEPT", p.command(), p.inTable(), p.chain)
	default:
		return fmt.Sprintf("%s%s -D %s", p.command(), p.inTable(), strings.TrimPrefix(p.text, "-A "))
	}
}

func (p place) list() string {
	if p.tool == nftTool {
		return fmt.Sprintf("nft -a list chain %s %s %s", p.family, p.table, p.chain)
	}
	return fmt.Sprintf("%s%s -S %s", p.command(), p.inTable(), p.chain)
}

func (p place) inTable() string {
	if p.table == "filter" {
		return ""
	}
	return " -t " + p.table
}
