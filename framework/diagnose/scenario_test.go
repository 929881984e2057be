package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// cut makes every cell that the test matches a silent timeout.
func cut(s *facts.Snapshot, lost cellTest) {
	for _, m := range s.Matrices {
		for _, row := range m.Rows {
			for _, to := range m.Targets {
				if lost(m.Flow, row.From, to) {
					factstest.Set(s, m.Flow.Key(), row.From.String(), to.ID, facts.Cell{Outcome: facts.Timeout}, nil)
				}
			}
		}
	}
}

// traffic is what the traffic checks find: one finding per flow with its red cells.
func traffic(s *facts.Snapshot) []Judged {
	var out []Judged
	for _, m := range s.Matrices {
		f := check.Finding{Subject: m.Flow.Key(), Verdict: check.Fail, Says: "some pairs fail", Flow: m.Flow.Key()}
		for _, row := range m.Rows {
			for i, c := range row.Cells {
				if c.Outcome != m.Flow.Via.Right() && !m.Targets[i].Silent {
					f.Pairs = append(f.Pairs, check.Pair{From: row.From.String(), To: m.Targets[i].ID})
				}
			}
		}
		if len(f.Pairs) > 0 {
			id := "reach/" + string(m.Flow.From) + "-to-" + string(m.Flow.To) + "-" + string(m.Flow.Via)
			out = append(out, failed(id, f))
		}
	}
	return out
}

func failed(id string, findings ...check.Finding) Judged {
	for i := range findings {
		if findings[i].Verdict == check.Unknown {
			findings[i].Verdict = check.Fail
		}
	}
	return Judged{ID: id, Result: check.Result{Verdict: check.Fail, Findings: findings}}
}

// about is a finding on one node.
func about(node, says string) check.Finding {
	return check.Finding{
		Subject: node, Nodes: []string{node}, Says: says,
		Evidence: []check.Evidence{{Node: node, Source: "test", Text: says}},
		Remedy:   []check.Remedy{{Text: "repair it", Node: node, Command: "repair"}},
	}
}

func off(s *facts.Snapshot, node, key, value string, look facts.Look) {
	s.Host(node, look).Sysctls[key] = value
}

func find(t *testing.T, causes []report.Cause, id string) report.Cause {
	t.Helper()
	i := slices.IndexFunc(causes, func(c report.Cause) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no cause %s among %s", id, said(causes))
	}
	return causes[i]
}

func has(causes []report.Cause, id string) bool {
	return slices.ContainsFunc(causes, func(c report.Cause) bool { return c.ID == id })
}

func said(causes []report.Cause) string {
	var out []string
	for _, c := range causes {
		out = append(out, c.Key+": "+c.Says)
	}
	return "[" + strings.Join(out, " | ") + "]"
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is not in %q", part, text)
	}
}
