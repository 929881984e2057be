package policy_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/policy"
)

func TestPoliciesThatComeIntoForceLateAreAWarningWithTheTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		settled int
		want    check.Verdict
		says    string
	}{
		{"soon", 1200, check.Pass, ""},
		{"within the limit", 15_000, check.Pass, ""},
		{"late", 23_400, check.Warn, "in force on all nodes only after 23.4 s; expected within 15.0 s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			factstest.Enforcing(s)
			stage := s.PolicyTrial.Stage(facts.StageDenied)
			if stage == nil {
				t.Fatal("the healthy cluster has no trial of policies")
			}
			stage.Settled = c.settled
			r := policy.Enforced().Evaluate(s)
			if r.Verdict != c.want || (c.says == "") != (len(r.Findings) == 0) || c.says != "" && !strings.Contains(r.Findings[0].Says, c.says) {
				t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}
