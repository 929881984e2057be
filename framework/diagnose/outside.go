package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

const egressTargets = "egress/targets"

// failure is in which way a target outside the cluster does not answer.
type failure struct {
	word, says string
	steps      func(host string, port uint16) []check.Remedy
}

// The words for the ways, which tell claims apart.
const (
	refused    = "refused"
	silentEnd  = "silent"
	unresolved = "unresolved"
)

// failures are all ways, in the order in which they are told.
func failures() []failure {
	return []failure{
		{refused, "refuses the connection", refusedSteps},
		{silentEnd, "gives no answer at all", silentSteps},
		{unresolved, "has a name that does not resolve", nameSteps},
	}
}

// target is one that was asked for, with how it failed and for how many.
type target struct {
	facts.Target
	asked, failed int
}

func (t target) label() string {
	return strings.TrimPrefix(t.ID, "egress/")
}

// egressTarget makes one claim for each way in which targets fail for everybody who
// asked: then it is the target, not a node. What fails for some only is left open.
func egressTarget(in *input) []claim {
	if len(in.leftOf(egressTargets, check.Fail)) == 0 {
		return nil
	}
	byWay := in.failedTargets()
	var out []claim
	for _, way := range failures() {
		if list := byWay[way.word]; len(list) > 0 {
			out = append(out, in.targetClaim(way, list))
		}
	}
	return out
}

// failedTargets are those that failed for all who asked, by the way most of them met.
func (in *input) failedTargets() map[string][]target {
	out := map[string][]target{}
	seen := map[string]*target{}
	ways := map[string]map[string]int{}
	var order []string
	for _, m := range in.facts.Matrices {
		if m.Flow.To != facts.ToEgress {
			continue
		}
		for column, t := range m.Targets {
			if seen[t.ID] == nil {
				seen[t.ID], ways[t.ID] = &target{Target: t}, map[string]int{}
				order = append(order, t.ID)
			}
			for _, row := range m.Rows {
				if row.From.Kind == facts.FromHost && in.nodeAt(t.Addr, t.Name) == row.From.Node {
					continue // what a node asks of itself meets no filter for others
				}
				if row.NotRun != "" || column >= len(row.Cells) || row.Cells[column].Outcome == facts.NotRun {
					continue
				}
				seen[t.ID].asked++
				if way := wayOf(row, column); way != "" {
					seen[t.ID].failed++
					ways[t.ID][way]++
				}
			}
		}
	}
	for _, id := range order {
		if t := seen[id]; t.failed > 0 && t.failed == t.asked {
			word := mostOften(ways[id])
			out[word] = append(out[word], *t)
		}
	}
	return out
}

// wayOf is how a cell failed; empty where it did not.
func wayOf(row facts.Row, column int) string {
	cell := row.Cells[column]
	if cell.Outcome == facts.OK {
		return ""
	}
	if d := row.Detail(column); d != nil {
		for _, a := range d.Attempts {
			if a.RCode != "" && a.RCode != "NOERROR" || a.Note == "resolving" {
				return unresolved
			}
		}
	}
	if cell.Outcome == facts.Refused || cell.Outcome == facts.Reset {
		return refused
	}
	return silentEnd
}

func mostOften(count map[string]int) string {
	best := ""
	for _, word := range sortedKeys(count) {
		if count[word] > count[best] {
			best = word
		}
	}
	return best
}

func (in *input) targetClaim(way failure, list []target) claim {
	c := claim{key: way.word, grounds: "every pod and host that asked met the same"}
	var labels, ids []string
	asked := 0
	for _, t := range list {
		labels, ids = append(labels, t.label()), append(ids, t.ID)
		asked += t.asked
		if node := in.nodeAt(t.Addr, t.Name); node != "" && !slices.Contains(c.nodes, node) {
			c.nodes = append(c.nodes, node)
		}
		c.remedy = append(c.remedy, way.steps(hostOf(t), t.Port)...)
	}
	slices.Sort(c.nodes)
	rules := in.rulesAt(c.nodes, list)
	c.says = fmt.Sprintf("%s %s, from all pods and hosts that asked (%s)", some(labels), way.says, figures.Count(asked, "pair"))
	if len(c.nodes) > 0 {
		c.says = names(c.nodes) + ": " + c.says
	}
	if len(rules) > 0 {
		counted, _ := evidenceOf(rules)
		known := in.rulesLike(c.nodes, func(text string) bool {
			return slices.ContainsFunc(counted, func(e check.Evidence) bool { return ruleText(e.Text) == text })
		})
		if len(known) > 0 {
			c.says = fmt.Sprintf("%s; a rule of %s takes the packets: %s: %s", c.says, known[0].node, known[0].place(), known[0].rule.Text)
			c = c.withRules(known, "Take away the rule that takes the packets for the target")
		}
		c.evidence = append(counted, c.evidence...)
		c.grounds = "" // the rule's counter says more
	}
	c.evidence = append(c.evidence, check.Evidence{Source: "matrix → outside", Text: fmt.Sprintf("%s: 0 of %s answered", strings.Join(labels, ", "), figures.Count(asked, "pair"))})
	c.cell = func(f facts.Flow, _ facts.Vantage, to facts.Target) bool {
		return f.To == facts.ToEgress && slices.Contains(ids, to.ID)
	}
	c.leaves = func(_ facts.Flow, cell facts.Cell) bool {
		return cell.Outcome != facts.OK && cell.Outcome != facts.NotRun
	}
	c.finding = func(id string, f check.Finding) bool {
		return isOneOf(rules, id, f) || id == "egress/trace" && f.Verdict != check.Unknown && slices.ContainsFunc(labels, func(l string) bool { return l == f.Subject || strings.HasPrefix(f.Subject, l+" ") })
	}
	return c
}

func hostOf(t target) string {
	if t.Name != "" {
		return t.Name
	}
	return t.Addr.String()
}

// nodeAt is the node whose address a target has; empty for what is really outside.
func (in *input) nodeAt(addr netip.Addr, name string) string {
	if parsed, err := netip.ParseAddr(name); err == nil {
		addr = parsed
	}
	for _, n := range in.facts.Nodes {
		if addr.IsValid() && slices.Contains(n.Internal, addr.Unmap()) {
			return n.Name
		}
	}
	return ""
}

// rulesAt are the rules on the targets' own nodes that name their ports and counted packets.
func (in *input) rulesAt(nodes []string, list []target) []located {
	return slices.DeleteFunc(in.leftOf(firewallDrops, check.Warn, check.Fail), func(f located) bool {
		return !sameNodes(f.Finding, nodes) || !slices.ContainsFunc(list, func(t target) bool {
			m := rulePort.FindStringSubmatch(f.Says)
			return m != nil && m[1] == fmt.Sprint(t.Port)
		})
	})
}

// leftOf are the findings of a check that nothing has explained so far.
func (in *input) leftOf(id string, verdicts ...check.Verdict) []located {
	var out []located
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if j.ID == id && slices.Contains(verdicts, f.Verdict) && !in.explained[findingID{id, i}] {
				out = append(out, located{id, f})
			}
		}
	}
	return out
}
