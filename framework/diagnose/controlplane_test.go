package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestNoNodeIsToBlameWhereTheControlPlaneDoesNotAct(t *testing.T) {
	s := factstest.Healthy(2)
	unknown := func(kind check.Kind, says string) check.Result {
		return check.Result{Verdict: check.Unknown, Findings: []check.Finding{
			{Subject: "n1, n2 (host agent and probe pod)", Nodes: []string{"n1", "n2"}, Verdict: check.Unknown, Kind: kind, Says: says},
		}}
	}
	other := Judged{ID: "reach/pod-to-pod", Result: check.Result{Verdict: check.Unknown, Findings: []check.Finding{{Verdict: check.Unknown, Nodes: []string{}}}}}
	for kind, want := range map[check.Kind]string{
		check.ControllerIdle: controlPlaneIdleID, check.SchedulerIdle: controlPlaneIdleID, "": "agent-not-running",
	} {
		causes := Diagnose(s, []Judged{{ID: nodeAgentCheck, Result: unknown(kind, "it does not act")}, other})
		if len(causes) != 1 || causes[0].ID != want {
			t.Errorf("%q: causes %+v, want one %s", kind, causes, want)
			continue
		}
		if blames := strings.Contains(causes[0].Says, "n1"); blames == (kind != "") {
			t.Errorf("%q: %s", kind, causes[0].Says)
		}
	}
}
