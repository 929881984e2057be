package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// unknown are the findings about everything that was asked and not heard.
func (t *tally) unknown() []check.Finding {
	missing := t.missing()
	var out []check.Finding
	for _, n := range t.facts.Selected() {
		if m := missing[n.Name]; m != nil {
			out = append(out, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown,
				Says: fmt.Sprintf("%s was not probed: %s", n.Name, list(m, 4)),
			})
		}
	}
	out = append(out, t.silences(missing)...)
	out = append(out, t.absences()...)
	return append(out, t.openCells()...)
}

// missing says for every node under test that is no target, or no vantage, why that is so.
func (t *tally) missing() map[string][]string {
	out := map[string][]string{}
	note := func(n facts.Node, why string) {
		if !slices.Contains(out[n.Name], why) {
			out[n.Name] = append(out[n.Name], why)
		}
	}
	for _, f := range t.spec.Flows {
		m := t.facts.Matrix(f)
		if m == nil || m.NotRun != "" || len(m.Rows) == 0 {
			continue
		}
		there := map[string]bool{}
		for _, target := range m.Targets {
			there[target.Node] = true
		}
		asked := map[string]bool{}
		for _, r := range m.Rows {
			asked[r.From.Node] = true
		}
		for _, n := range t.facts.Selected() {
			if why := noTarget(n, f); why != "" && !there[n.Name] {
				note(n, why)
			}
			if f.From != facts.FromRunner && f.From != facts.FromRuntime && !asked[n.Name] {
				note(n, agentWhy(n, f.From))
			}
		}
	}
	return out
}

// noTarget is why a node would be no target of a flow, or "" for a flow whose
// targets are not the nodes, or only a sample of them (framework/topology), or
// pods of a RuntimeClass, of which the check itself says which are missing.
func noTarget(n facts.Node, f facts.Flow) string {
	if f.Via == facts.Series || f.Via == facts.Bulk {
		return ""
	}
	switch f.To {
	case facts.ToPod:
		return agentWhy(n, facts.FromPod)
	case facts.ToHost:
		return agentWhy(n, facts.FromHost)
	case facts.ToNodePort, facts.ToNodePortLocal:
		return "it has no address of " + familyWord(f.Family)
	case facts.ToGateway:
		return "it has no pod CIDR of " + familyWord(f.Family)
	case facts.ToClusterIP, facts.ToAPI, facts.ToDNSReplica, facts.ToDNSService, facts.ToRuntime, facts.ToHairpin, facts.ToAffinity,
		facts.ToTunnel, facts.ToDNSMetrics, facts.ToDNSRecord, facts.ToDNSExternal, facts.ToDNSUpstream, facts.ToNodeDNS, facts.ToEgress:
		return ""
	}
	return ""
}

func agentWhy(n facts.Node, kind facts.VantageKind) string {
	agent, what := n.PodAgent, "probe pod"
	if kind == facts.FromHost {
		agent, what = n.NodeAgent, "node agent"
	}
	switch {
	case agent.NotRun != "":
		return fmt.Sprintf("it has no %s (%s)", what, agent.NotRun)
	case len(agent.Trouble) > 0:
		return fmt.Sprintf("its %s is not ready (%s: %s)", what, agent.Trouble[0].Reason, agent.Trouble[0].Message)
	case !agent.Ready:
		return fmt.Sprintf("its %s is not ready", what)
	default:
		return fmt.Sprintf("its %s has no address or port for this", what)
	}
}

// silences are the vantages that gave no answer, one finding per reason.
func (t *tally) silences(missing map[string][]string) []check.Finding {
	vantages, nodes, flows := map[string][]string{}, map[string][]string{}, map[string][]facts.Flow{}
	for _, s := range t.silent {
		if n := t.facts.Node(s.from.Node); n != nil && missing[n.Name] != nil && !agentReady(*n, s.from.Kind) {
			continue // the node's own finding says so
		}
		if s.from.Kind == facts.FromRuntime && !t.started(s.from) {
			continue // the check says itself what keeps the pod from starting
		}
		if v := s.from.String(); !slices.Contains(vantages[s.why], v) {
			vantages[s.why] = append(vantages[s.why], v)
		}
		if n := s.from.Node; n != "" && !slices.Contains(nodes[s.why], n) {
			nodes[s.why] = append(nodes[s.why], n)
		}
		flows[s.why] = append(flows[s.why], s.flow)
	}
	var out []check.Finding
	for _, why := range sortedKeys(vantages) {
		f := check.Finding{Subject: list(vantages[why], 3), Nodes: append([]string{}, nodes[why]...), Verdict: check.Unknown}
		slices.Sort(f.Nodes)
		f.Says = fmt.Sprintf("%s gave no answer: %s (%s)", list(vantages[why], 6), why, plain(flows[why]))
		out = append(out, f)
	}
	return out
}

// started says whether the probe pod of a RuntimeClass is Ready.
func (t *tally) started(v facts.Vantage) bool {
	n := t.facts.Node(v.Node)
	return n != nil && slices.ContainsFunc(n.RuntimeAgents, func(r facts.RuntimeAgent) bool { return r.Class == v.Class && r.Agent.Ready })
}

func agentReady(n facts.Node, kind facts.VantageKind) bool {
	if kind == facts.FromHost {
		return n.NodeAgent.Ready
	}
	return n.PodAgent.Ready
}

// absences are the flows of which nothing was observed, one finding per reason.
func (t *tally) absences() []check.Finding {
	flows := map[string][]facts.Flow{}
	for _, a := range t.absent {
		flows[a.why] = append(flows[a.why], a.flow)
	}
	var out []check.Finding
	for _, why := range sortedKeys(flows) {
		out = append(out, check.Finding{
			Subject: "all nodes", Nodes: []string{}, Verdict: check.Unknown,
			Says: fmt.Sprintf("not observed: %s: %s", plain(flows[why]), why),
		})
	}
	return out
}

// openCells are single cells without an answer, one finding per reason.
func (t *tally) openCells() []check.Finding {
	cells := map[string][]wrongCell{}
	for _, o := range t.open {
		cells[o.why] = append(cells[o.why], wrongCell{Cell: o.cell})
	}
	var out []check.Finding
	for _, why := range sortedKeys(cells) {
		p := Place{cells: cells[why]}
		var flows []facts.Flow
		for _, c := range p.cells {
			flows = append(flows, c.Flow)
		}
		n := len(p.pairs())
		out = append(out, check.Finding{
			Subject: list(p.ends(), 3), Nodes: nodesOf(p.cells), Verdict: check.Unknown,
			Says:  fmt.Sprintf("%s not run: %s (%s)", counted(n, t.noun()), why, plain(flows)),
			Pairs: pairsOf(p.cells),
		})
	}
	return out
}

// counted is "1 pair", "2 pairs", "1 pair of sender and backend".
func counted(n int, noun string) string {
	first, rest, _ := strings.Cut(noun, " ")
	if n == 1 {
		first = strings.TrimSuffix(first, "s")
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", n, first, rest))
}

// plain names senders, protocols and families of flows.
func plain(flows []facts.Flow) string {
	return fmt.Sprintf("from %s; %s; %s", list(words(flows, fromWord), 3),
		list(words(flows, func(f facts.Flow) string { return viaWord(f.Via) }), 9),
		list(words(flows, func(f facts.Flow) string { return familyWord(f.Family) }), 2))
}

// loss is the one finding about pairs that are right, but not at the first attempt.
func (t *tally) loss() []check.Finding {
	if len(t.retried) == 0 {
		return nil
	}
	p := Place{}
	for _, c := range t.retried {
		p.cells = append(p.cells, wrongCell{Cell: c})
		if !slices.Contains(p.Flows, c.Flow) {
			p.Flows = append(p.Flows, c.Flow)
		}
	}
	f := check.Finding{Verdict: check.Warn, Pairs: pairsOf(p.cells), Nodes: shared(p.cells), Evidence: t.evidence(t.retried[:1])}
	if len(f.Nodes) == 0 {
		f.Nodes = nodesOf(p.cells)
	}
	f.Subject = list(f.Nodes, 3)
	n := len(p.pairs())
	lost := fmt.Sprintf("%d of %d attempts were lost", t.lost, t.attempts)
	if slices.ContainsFunc(t.retried, Cell.series) { // the record does not hold every success
		lost = fmt.Sprintf("attempts lost: %d", t.lost)
	}
	f.Says = fmt.Sprintf("%d of %d %s answered, but not at every attempt: %s (%s; %s)",
		n, t.total(p.Flows), t.noun(), list(p.ends(), 4), lost, t.how(p.Flows))
	return []check.Finding{f}
}

// shared are the nodes that have a part in every one of at least two cells.
func shared(cells []wrongCell) []string {
	parts := map[string]int{}
	for _, c := range cells {
		parts[c.From.Node]++
		if !c.within() {
			parts[c.Column.Node]++
		}
	}
	var out []string
	for _, n := range sortedKeys(parts) {
		if n != "" && parts[n] == len(cells) && len(cells) > 1 {
			out = append(out, n)
		}
	}
	return out
}
