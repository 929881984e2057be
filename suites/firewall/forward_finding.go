package firewall

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// place is where a packet ends: a rule, or the policy of a base chain.
type place struct {
	tool, family, table, chain string
	position, handle           int // 0 for a policy
	text                       string
	reject                     bool
	owner                      owner
	// manager is the firewall manager with chains in the same table, if any.
	manager owner
}

func placeOf(s netfilter.Stop, rules *netfilter.Ruleset) place {
	p := place{tool: s.Chain.Tool, family: s.Chain.Family, table: s.Chain.Table, chain: s.Chain.Name}
	p.owner, _ = ownerOf(*s.Chain)
	for _, c := range rules.Chains {
		if o, known := ownerOf(c); known && o.stop != "" && c.Tool == p.tool && c.Family == p.family && c.Table == p.table {
			p.manager = o
			break
		}
	}
	if s.Rule != nil {
		p.position, p.handle, p.text, p.reject = s.Rule.Position, s.Rule.Handle, s.Rule.Text, s.Rule.Target.Reject
	}
	return p
}

func (p place) same(q place) bool {
	return p.tool == q.tool && p.family == q.family && p.table == q.table && p.chain == q.chain && p.text == q.text &&
		(p.position == 0) == (q.position == 0)
}

// where is the rule's place as one would look it up.
func (p place) where() string {
	table := fmt.Sprintf("%s, table %s", p.command(), p.table)
	if p.tool == "nft" {
		table = fmt.Sprintf("nft table %s %s", p.family, p.table)
	}
	if p.position == 0 {
		return fmt.Sprintf("%s, policy of chain %s", table, p.chain)
	}
	return fmt.Sprintf("%s, chain %s, rule %d", table, p.chain, p.position)
}

// command is the tool that changes what was read with p.tool.
func (p place) command() string { return strings.TrimSuffix(p.tool, "-save") }

func (w *nodeWalk) findings() []check.Finding {
	var out []check.Finding
	for _, s := range w.stops {
		out = append(out, w.finding(s))
	}
	if len(w.unknown) > 0 {
		out = append(out, check.Finding{
			Subject: w.node.Name, Nodes: []string{w.node.Name}, Verdict: check.Unknown,
			Says: "not all of its rules could be followed: " + w.unknown[0],
		})
	}
	return out
}

func (w *nodeWalk) finding(s *stopped) check.Finding {
	verb := "drops"
	if s.reject {
		verb = "rejects"
	}
	text := s.text
	if s.position == 0 {
		text = "policy DROP, reached by pod traffic because nothing before accepts it"
	}
	return check.Finding{
		Subject: fmt.Sprintf("%s: %s", w.node.Name, s.where()), Nodes: []string{w.node.Name}, Verdict: check.Fail,
		Says: fmt.Sprintf("%s %s %s pod traffic %s%s: %s", s.where(), verb, s.kinds(), s.direction(len(w.snapshot.Nodes)-1), s.when(), text),
		Evidence: []check.Evidence{{
			Node: w.node.Name, Source: s.where(), Text: text,
		}},
		Remedy: s.remedy(w.node.Name),
	}
}

func (s *stopped) kinds() string {
	if len(s.protocols) == 3 {
		return "all forwarded"
	}
	return "forwarded " + strings.ToUpper(strings.Join(s.protocols, " and "))
}

func (s *stopped) direction(others int) string {
	peers := "other nodes"
	if len(s.peers) < others {
		peers = strings.Join(s.peers, ", ")
	}
	switch {
	case others == 0:
		return "between its own pods"
	case s.outwards && s.inwards:
		return "to and from " + peers
	case s.outwards:
		return "to " + peers
	default:
		return "from " + peers
	}
}

func (s *stopped) when() string {
	if len(s.looks) == 1 {
		return fmt.Sprintf(" (at the %s look only)", s.looks[0])
	}
	return ""
}

func (s *stopped) remedy(node string) []check.Remedy {
	verify := check.Remedy{Text: "Check that it is gone", Node: node, Command: s.list()}
	if s.owner.member {
		return []check.Remedy{{
			Text: fmt.Sprintf("The chain is %s's own: look at the network policies that apply here, and at its agent on the node", s.owner.name), Node: node,
			Command: s.list(),
		}}
	}
	undo := check.Remedy{Text: "Take the rule away", Node: node, Command: s.undo()}
	if s.position == 0 {
		undo.Text = "Let packets through that no rule decides about"
	}
	if s.manager.name == "" {
		undo.Text += "; whoever made it (a firewall manager, a script at boot) has to be told too"
		return []check.Remedy{undo, verify}
	}
	stop := check.Remedy{
		Text: fmt.Sprintf("%s manages this table and would bring it back: switch it off, or let it forward the pod and overlay traffic", s.manager.name),
		Node: node, Command: s.manager.stop,
	}
	return []check.Remedy{stop, undo, verify}
}

func (s *stopped) undo() string {
	switch {
	case s.tool == "nft" && s.position == 0:
		return fmt.Sprintf("nft chain %s %s %s '{ policy accept ; }'", s.family, s.table, s.chain)
	case s.tool == "nft":
		return fmt.Sprintf("nft delete rule %s %s %s handle %d", s.family, s.table, s.chain, s.handle)
	case s.position == 0:
		return fmt.Sprintf("%s%s -P %s ACCEPT", s.command(), s.inTable(), s.chain)
	default:
		return fmt.Sprintf("%s%s -D %s", s.command(), s.inTable(), strings.TrimPrefix(s.text, "-A "))
	}
}

func (s *stopped) list() string {
	if s.tool == "nft" {
		return fmt.Sprintf("nft -a list chain %s %s %s", s.family, s.table, s.chain)
	}
	return fmt.Sprintf("%s%s -S %s", s.command(), s.inTable(), s.chain)
}

func (s *stopped) inTable() string {
	if s.table == "filter" {
		return ""
	}
	return " -t " + s.table
}
