package overlay

import (
	_ "embed" // the explanation page
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed port.md
var portDoc string

// Port promises that what the tunnels send arrives.
func Port() check.Check {
	return check.Check{
		ID:       "overlay/port",
		Promise:  "The tunnel's UDP port passes between every pair of nodes, and nothing else holds it.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      portDoc,
		Ask:      portFlows,
		Evaluate: port,
	}
}

// portFlows asks the tunnel's port and, beside it, UDP to the agent's own port.
func portFlows(scope check.Scope) []facts.Flow {
	var out []facts.Flow
	for _, f := range scope.Families {
		out = append(out,
			facts.Flow{From: facts.FromHost, To: facts.ToTunnel, Via: facts.Tunnel, Family: f, Look: facts.Main},
			facts.Flow{From: facts.FromHost, To: facts.ToHost, Via: facts.UDP, Family: f, Look: facts.Main})
	}
	return out
}

func port(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	if why := noTunnel(s, dataplane.NetworkOf(s)); why != "" {
		return check.Skipf("%s", why)
	}
	var tunnelled []facts.Flow
	for _, f := range portFlows(check.ScopeOf(s)) {
		if m := s.Matrix(f); f.Via == facts.Tunnel && (m == nil || m.NotRun == "") {
			tunnelled = append(tunnelled, f)
		}
	}
	also := taken(s)
	if len(tunnelled) == 0 || len(s.Selected()) == 1 {
		return withoutPairs(s, also)
	}
	r := matrix.Judge(s, matrix.Spec{
		Flows: tunnelled, Rule: passes, Also: also, Holds: "pass the tunnel's UDP port",
		Remedy: func(p matrix.Place) []check.Remedy { return portRemedy(s, p) },
	})
	for i := range r.Findings {
		beside(s, &r.Findings[i])
	}
	return r
}

// passes: a tunnel never leads to its own node.
func passes(c matrix.Cell) matrix.Ruling {
	if c.To.Node == c.From.Node {
		return matrix.Ruling{Standing: matrix.Aside, Why: "a tunnel does not lead to its own node"}
	}
	if c.Answer.Outcome == facts.Timeout {
		return matrix.Failing("is sent and never seen at the far end", "are sent and never seen at the far end")
	}
	return matrix.Answers(c)
}

// withoutPairs is the result where no packet could be sent from node to node.
func withoutPairs(s *facts.Snapshot, also []check.Finding) check.Result {
	findings := append(also, peering.Unseen(s)...)
	switch {
	case len(findings) > 0:
		return check.Conclude("the tunnel's port was not tried", findings)
	case len(s.Selected()) == 1:
		return check.Skipf("one node is under test, so no tunnel leads to another")
	}
	return check.Unknownf("no tunnel's port was tried: at the first look no node under test had a tunnel that could be sent to")
}

// beside adds what plain UDP to another port did between the same nodes: whether
// only this port is blocked, or all of UDP.
func beside(s *facts.Snapshot, f *check.Finding) {
	passed, lost := 0, 0
	for _, p := range f.Pairs {
		flow, err := facts.ParseFlow(f.FlowOf(p))
		if err != nil || flow.Via != facts.Tunnel {
			continue
		}
		flow.To, flow.Via = facts.ToHost, facts.UDP
		switch outcomeOf(s.Matrix(flow), p.From, "host/"+strings.TrimPrefix(p.To, "tunnel/")) {
		case facts.OK:
			passed++
		case facts.Timeout, facts.Unreachable, facts.Refused, facts.Reset, facts.Garbled, facts.TooBig:
			lost++
		case facts.NotRun:
		}
	}
	switch {
	case f.Verdict != check.Fail || passed+lost == 0:
	case lost == 0:
		f.Says += "; UDP to another port passes between the same nodes, so only this port is blocked"
	case passed == 0:
		f.Says += "; UDP to another port does not pass either, so it is not this port alone"
	default:
		f.Says += "; UDP to another port passes between some of them only"
	}
}

func outcomeOf(m *facts.Matrix, from, to string) facts.Outcome {
	if m == nil {
		return facts.NotRun
	}
	col := slices.IndexFunc(m.Targets, func(t facts.Target) bool { return t.ID == to })
	row := slices.IndexFunc(m.Rows, func(r facts.Row) bool { return r.From.String() == from })
	if row < 0 || col < 0 || col >= len(m.Rows[row].Cells) {
		return facts.NotRun
	}
	return m.Rows[row].Cells[col].Outcome
}
