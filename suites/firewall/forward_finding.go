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
	f := check.Finding{
		Subject: fmt.Sprintf("%s: %s", w.node.Name, s.where()), Nodes: []string{w.node.Name}, Verdict: check.Fail,
		Says: fmt.Sprintf("%s %s %s pod traffic %s%s: %s", s.where(), verb, s.kinds(), s.direction(len(w.snapshot.Nodes)-1), s.when(), text),
		Evidence: []check.Evidence{{
			Node: w.node.Name, Source: s.where(), Text: text,
		}},
		Remedy: s.remedy(w.snapshot, w.node.Name), Plugin: s.owner.plugin.Word,
	}
	if o, idle := s.actsNot(w.snapshot, s.place, s.looks, answers); idle {
		f.Verdict, f.Remedy = check.Warn, s.harmless(w.node.Name)
		f.Says += "; " + o.says("answered")
	}
	return f
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
