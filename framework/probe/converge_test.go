package probe

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// lateService refuses until it has been asked a number of times.
func lateService(refusals int) try {
	asked := 0
	return func(context.Context, *env, facts.Target) facts.Attempt {
		asked++
		if asked <= refusals {
			return facts.Attempt{Outcome: facts.Refused}
		}
		return facts.Attempt{Outcome: facts.OK}
	}
}

func TestAServiceThatIsNewToTheNodeIsWaitedFor(t *testing.T) {
	now := time.Now()
	c := convergence{now, now.Add(time.Minute)}
	var slowest atomic.Int64
	x := c.first(t.Context(), newEnv(wire.Timing{}), facts.Target{}, lateService(2), &slowest)
	if x.Outcome != facts.OK {
		t.Errorf("after two refusals it is %s", x.Outcome)
	}
	if slowest.Load() < 2*convergeInterval.Milliseconds() {
		t.Errorf("two refusals took %d ms", slowest.Load())
	}
}

func TestEveryBackendOfANewServiceIsWaitedFor(t *testing.T) {
	now := time.Now()
	c := convergence{now, now.Add(time.Minute)}
	target := facts.Target{Peers: []string{"pod/n1", "pod/n2"}}
	var asked, slowest atomic.Int64
	// The second backend is known late: until then it refuses or is never chosen.
	once := func(context.Context, *env, facts.Target) facts.Attempt {
		n := asked.Add(1)
		switch {
		case n <= 60:
			return facts.Attempt{Outcome: facts.OK, Peer: "pod/n1"}
		case n <= 70:
			return facts.Attempt{Outcome: facts.Refused}
		default:
			return facts.Attempt{Outcome: facts.OK, Peer: target.Peers[n%2]}
		}
	}
	var a answer
	c.all(t.Context(), newEnv(wire.Timing{}), target, once, &a, &slowest)
	cell, detail := settle(facts.TCP, 2, &a)
	if cell.Outcome != facts.OK || cell.Retried || cell.Partial || len(detail.Met) != 2 {
		t.Errorf("%+v %+v", cell, detail)
	}
	if slowest.Load() == 0 {
		t.Error("the time until both answered is not noted")
	}
}

func TestAServiceThatNeverAnswersIsAFailureOnceTheTimeIsOver(t *testing.T) {
	now := time.Now()
	c := convergence{now, now}
	var slowest atomic.Int64
	x := c.first(t.Context(), newEnv(wire.Timing{}), facts.Target{}, lateService(1000), &slowest)
	if x.Outcome != facts.Refused || slowest.Load() != 0 {
		t.Errorf("it is %s, %d ms", x.Outcome, slowest.Load())
	}
}

func TestOnlyServicesOfTheRunAreWaitedFor(t *testing.T) {
	now := time.Now()
	c := convergence{now, now.Add(time.Minute)}
	for to, want := range map[facts.TargetKind]bool{
		facts.ToClusterIP: true, facts.ToNodePort: true, facts.ToNodePortLocal: true, facts.ToHairpin: true, facts.ToAffinity: true,
		facts.ToDNSRecord: true, facts.ToAPI: false, facts.ToDNSService: false, facts.ToDNSExternal: false, facts.ToPod: false,
	} {
		if got := c.awaits(facts.Flow{To: to}); got != want {
			t.Errorf("%s: %v", to, got)
		}
		if (convergence{}).awaits(facts.Flow{To: to}) {
			t.Errorf("%s is waited for although the plan does not say so", to)
		}
	}
}
