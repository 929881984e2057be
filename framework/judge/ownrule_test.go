package judge

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// TestATraceProvesARuleOnlyWhereItNamesThatRule: on a node with two rules the counter
// of one says nothing about the other.
func TestATraceProvesARuleOnlyWhereItNamesThatRule(t *testing.T) {
	const own, other = "-A FORWARD -s 10.1.0.0/16 -j DROP", "-A FORWARD -j REJECT"
	counted := func(node, rule string) path.Reason {
		return path.Reason{Node: node, Source: "rule", Text: "FORWARD rule 1 (" + rule + ") counted 3", Rule: rule}
	}
	for _, tc := range []struct {
		name    string
		because []path.Reason
		want    report.Certainty
	}{
		{"its own rule counted", []path.Reason{counted("n2", own)}, report.Proved},
		{"another rule counted", []path.Reason{counted("n2", other)}, report.Configured},
		{"both counted", []path.Reason{counted("n2", other), counted("n2", own)}, report.Proved},
		{"the same rule on another node", []path.Reason{counted("n1", own)}, report.Proved}, // the place stays the cause's own
		{"no rule counted", nil, report.Proved},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := report.Cause{
				ID: "forward-rejected", Key: "forward-rejected/n2", Nodes: []string{"n2"}, Certainty: report.Configured,
				Evidence: []check.Evidence{{Node: "n2", Source: "iptables-nft, table filter, chain FORWARD, rule 2", Text: own}},
			}
			trace := report.Trace{For: c.Key, Path: path.Path{Verdict: path.Verdict{
				Outcome: path.Vanished, Place: path.Place{Stage: "receiver-host", Node: "n2"}, Because: tc.because,
			}}}
			d := diagnose.Diagnosis{Causes: []report.Cause{c}, Parts: map[string][]string{c.Key: {"host"}}}
			foundedBy(&d.Causes[0], trace, d)
			if d.Causes[0].Certainty != tc.want {
				t.Errorf("got %s (%s), want %s", d.Causes[0].Certainty, d.Causes[0].Grounds, tc.want)
			}
		})
	}
}
