package junit_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

func perNode() junit.Options { return junit.Options{PerNode: true} }

func TestGoldenFilesPerNodeObeyTheSchema(t *testing.T) {
	for _, s := range reporttest.All() {
		t.Run(s.Name, func(t *testing.T) {
			got := writeAs(t, perNode(), s.Report)
			if out, err := xmllint(t, got); err != nil {
				t.Errorf("xmllint refuses the file: %v\n%s", err, out)
			}
			golden.File(t, filepath.Join("testdata", "per-node", s.Name+".xml"), got, *update)
		})
	}
}

// one is a report of three nodes, n3 of which was not tested, and one check.
func one(c report.Check) *report.Report {
	c.ID, c.Area, c.Promise, c.Level = "a/b", "a", "It holds", check.Core
	return &report.Report{
		Nodes:  []report.Node{{Name: "n1", Status: "tested"}, {Name: "n2", Status: "tested"}, {Name: "n3", Status: "excluded"}},
		Checks: []report.Check{c},
	}
}

func found(v check.Verdict, nodes ...string) check.Finding {
	return check.Finding{Subject: "it", Nodes: nodes, Verdict: v, Says: "it is " + v.String()}
}

func TestOnlyTheNodesThatFindingsNameDoNotPass(t *testing.T) {
	for _, tc := range []struct {
		name  string
		check report.Check
		want  string
	}{
		{"a pass", report.Check{Verdict: check.Pass}, "[n1] passed, [n2] passed"},
		{"a node fails", report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Fail, "n2")}}, "[n1] passed, [n2] failure"},
		{"a pair fails", report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Fail, "n1", "n2")}}, "[n1] failure, [n2] failure"},
		{"a finding without nodes", report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Fail), found(check.Fail, "n2")}}, "failure, [n1] passed, [n2] failure"},
		{
			"each node has its own verdict",
			report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Fail, "n2"), found(check.Unknown, "n1")}},
			"[n1] error, [n2] failure",
		},
		{"what weighs most of a node", report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Unknown, "n1"), found(check.Fail, "n1")}}, "[n1] failure, [n2] passed"},
		{"a warning passes", report.Check{Verdict: check.Warn, Findings: []check.Finding{found(check.Warn, "n1")}}, "[n1] passed, [n2] passed"},
		{"a node that was not tested is named", report.Check{Verdict: check.Fail, Findings: []check.Finding{found(check.Fail, "n3")}}, "[n1] passed, [n2] passed, [n3] failure"},
		{"nothing is known", report.Check{Verdict: check.Unknown, Why: "nobody answered"}, "error"},
		{"it does not apply", report.Check{Verdict: check.Skip, Why: "one node"}, "skipped"},
		{"a pass at the second attempt", report.Check{Verdict: check.Pass, Retried: true}, "flaky, [n1] passed, [n2] passed"},
		{"an accepted failure", report.Check{Verdict: check.Fail, Accepted: true, Findings: []check.Finding{found(check.Fail, "n1")}}, "[n1] skipped, [n2] passed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, c := range cases(t, perNode(), one(tc.check)) {
				if rest, ok := strings.CutPrefix(c.Name, "a/b It holds"); ok {
					kind, _, _ := c.status()
					got = append(got, strings.TrimSpace(rest+" "+kind))
				}
			}
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), tc.want)
			}
		})
	}
}

func TestACaseOfANodeTellsOfThatNode(t *testing.T) {
	r := reporttest.ThreeCauses()
	for _, c := range cases(t, perNode(), r) {
		if c.Name != "reach/pod-to-pod Every pod reaches every pod over TCP, UDP and ICMP [demo-worker2]" {
			continue
		}
		_, _, text := c.status()
		if !strings.Contains(text, "demo-worker2 does not forward packets") || strings.Contains(text, "a firewall rule on demo-worker rejects") {
			t.Errorf("the causes are not those of the node:\n%s", text)
		}
		return
	}
	t.Error("no such case")
}

func TestWithoutATestedNodeNoCheckIsLost(t *testing.T) {
	r := one(report.Check{Verdict: check.Pass})
	r.Nodes = nil
	if got := cases(t, perNode(), r); len(got) != 4 || got[3].Name != "a/b It holds" {
		t.Errorf("got %+v", got)
	}
}

func TestALargeClusterPerNodeStaysBelowOneMegabyte(t *testing.T) {
	r := reporttest.Big(500)
	everywhere := r.Checks[0]
	everywhere.ID, everywhere.Verdict, everywhere.Findings = "noise/everywhere", check.Fail, nil
	for _, n := range r.Nodes {
		everywhere.Findings = append(everywhere.Findings, check.Finding{
			Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Fail, Says: strings.Repeat("broken ü ", 200),
		})
	}
	for i := range 40 {
		c := everywhere
		c.ID = fmt.Sprintf("noise/%02d", i)
		r.Checks = append(r.Checks, c)
	}
	got := writeAs(t, perNode(), r)
	if len(got) > 1<<20 {
		t.Errorf("%d bytes", len(got))
	}
	if out, err := xmllint(t, got); err != nil {
		t.Errorf("xmllint refuses the file: %v\n%.2000s", err, out)
	}
	all := cases(t, perNode(), r)
	whole := slices.IndexFunc(all, func(c parsedCase) bool {
		return strings.HasPrefix(c.Name, "noise/07 ") && !strings.Contains(c.Name, "[")
	})
	if whole < 0 || all[whole].Failure == nil || !strings.Contains(all[whole].Failure.Message, "nodes") {
		t.Errorf("the nodes without a case of their own are not told: %+v", all[max(whole, 0)])
	}
}

func TestALargeHealthyClusterHasOneCaseForTheNodesThatAreFine(t *testing.T) {
	r := reporttest.Big(500)
	names := map[string]bool{}
	for _, c := range cases(t, perNode(), r) {
		names[c.Name] = true
	}
	for _, want := range []string{"kernel/ip-forward Every node forwards packets", "kernel/ip-forward Every node forwards packets [node-166.rack08.example]"} {
		if !names[want] {
			t.Errorf("no case %q", want)
		}
	}
}
