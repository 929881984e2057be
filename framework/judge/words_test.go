package judge

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestEveryFlowHasATitleInWords(t *testing.T) {
	flows := factstest.Flows(facts.IPv4, facts.IPv6)
	for _, to := range []facts.TargetKind{facts.ToRuntime, facts.ToDNSExternal, facts.ToDNSUpstream, facts.ToEgress} {
		flows = append(flows, facts.Flow{From: facts.FromRuntime, To: to, Via: facts.Connect, Family: facts.IPv4, Look: facts.Main})
	}
	for _, f := range flows {
		title := titleOf(f)
		if strings.Contains(title, " , ") || strings.Contains(title, ", ,") || strings.HasPrefix(title, " ") {
			t.Errorf("%s is called %q", f.Key(), title)
		}
	}
}

// TestANegativeControlIsRightWhereNothingAnswers: a map must not show red what ought to be silent.
func TestANegativeControlIsRightWhereNothingAnswers(t *testing.T) {
	f := facts.Flow{From: facts.FromHost, To: facts.ToNodePortLocal, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main}
	for outcome, want := range map[facts.Outcome]byte{facts.Refused: '.', facts.Timeout: '.', facts.OK: 'G', facts.NotRun: '?'} {
		if got := letter(f, facts.Target{Silent: true}, facts.Cell{Outcome: outcome}); got != want {
			t.Errorf("%s: %c, want %c", outcome, got, want)
		}
	}
}
