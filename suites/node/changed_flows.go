package node

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// asked is one question, asked before any pod or Service of ours existed and again afterwards.
type asked struct{ first, main facts.Flow }

// healable are the questions that need nothing of ours.
func healable(scope check.Scope) []asked {
	var out []asked
	add := func(to facts.TargetKind, via facts.Via, family facts.Family) {
		f := facts.Flow{From: facts.FromHost, To: to, Via: via, Family: family, Look: facts.First}
		m := f
		m.Look = facts.Main
		out = append(out, asked{f, m})
	}
	if scope.HasAPI {
		for _, family := range scope.OfAPI().Families {
			add(facts.ToAPI, facts.TLS, family)
		}
	}
	if scope.HasDNS {
		for _, family := range scope.OfDNS().Families {
			add(facts.ToDNSService, facts.DNSUDP, family)
			add(facts.ToDNSService, facts.DNSTCP, family)
		}
	}
	return out
}

func healedFlows(s *facts.Snapshot) []check.Finding {
	var out []check.Finding
	for _, q := range healable(check.ScopeOf(s)) {
		first, main := s.Matrix(q.first), s.Matrix(q.main)
		if first == nil || main == nil {
			continue
		}
		for _, n := range s.Selected() {
			before, after := outcomeAt(first, n.Name), outcomeAt(main, n.Name)
			if before == facts.NotRun || after == facts.NotRun || (before == facts.OK) == (after == facts.OK) {
				continue
			}
			out = append(out, flowFinding(s, n.Name, q, main, before, after))
		}
	}
	return out
}

// outcomeAt is what the host of a node got from the one target of such a flow.
func outcomeAt(m *facts.Matrix, node string) facts.Outcome {
	for _, r := range m.Rows {
		if r.From.Node == node && r.NotRun == "" && len(r.Cells) == 1 {
			return r.Cells[0].Outcome
		}
	}
	return facts.NotRun
}

func flowFinding(s *facts.Snapshot, node string, q asked, m *facts.Matrix, before, after facts.Outcome) check.Finding {
	what := map[facts.TargetKind]string{facts.ToAPI: "the Service kubernetes", facts.ToDNSService: "the cluster DNS"}[q.main.To]
	f := check.Finding{
		Subject: fmt.Sprintf("%s → %s (%s)", node, what, q.main.Via), Nodes: []string{node}, Verdict: check.Fail,
		Flow:  q.main.Key(),
		Pairs: []check.Pair{{From: "host/" + node, To: m.Targets[0].ID}},
		Evidence: []check.Evidence{
			{Node: node, Source: q.first.Key(), Text: before.String()},
			{Node: node, Source: q.main.Key(), Text: after.String()},
		},
		Remedy: []check.Remedy{
			remedies.ProxyState(s, node),
			remedies.RestartProxy(s, node),
			remedies.Again("node/changed", "service/api", "dns/service"),
		},
	}
	if after == facts.OK {
		f.Says = fmt.Sprintf("%s did not answer this host at the first look (%s) and answers now: creating the suite's own pods and Services healed it",
			what, before)
		f.Flow = q.first.Key() // that is the one that failed
		return f
	}
	f.Says = fmt.Sprintf("%s answered this host at the first look and does not any more (%s)", what, after)
	return f
}
