package collect

import (
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestALeaseLapsesByTheRunnersOwnClock(t *testing.T) {
	var l leases
	began := time.Now()
	// The holder's clock is an hour behind: that alone says nothing.
	renewed := began.Add(-time.Hour)
	lease := func(renewed time.Time) []facts.Lease {
		return []facts.Lease{{Name: facts.LeaseController, Holder: "a", Renewed: renewed, Seconds: 15}}
	}
	for _, step := range []struct {
		after, renewed time.Duration
		lapsed         bool
	}{{0, 0, false}, {10 * time.Second, 0, false}, {16 * time.Second, 0, true}, {20 * time.Second, time.Second, false}, {36 * time.Second, time.Second, true}} {
		l.see(began.Add(step.after), lease(renewed.Add(step.renewed)))
		if got := l.of(facts.LeaseController).Lapsed(); got != step.lapsed {
			t.Errorf("after %s: lapsed %v, want %v", step.after, got, step.lapsed)
		}
	}
	if l.of(facts.LeaseScheduler) != nil {
		t.Error("a lease that was not read is known")
	}
}

func TestOnlyALapsedLeaseEndsTheWait(t *testing.T) {
	at := func(age time.Duration, pods cluster.AgentPods, untaken bool, still int) *watch {
		c := &Collector{progress: silent{}, givenUp: map[string]bool{}, snapshot: &facts.Snapshot{Nodes: []facts.Node{{Name: "n1"}}}}
		if still >= 0 {
			c.leases.known = []facts.Lease{
				{Name: facts.LeaseController, Seconds: 15, StillSeconds: still}, {Name: facts.LeaseScheduler, Seconds: 15, StillSeconds: still},
			}
		}
		c.options.AgentTimeout = 90 * time.Second
		w := newWatch(c, nodeRole)
		w.pods, w.untaken, w.began = pods, untaken, time.Now().Add(-age)
		return w
	}
	none := cluster.AgentPods{}
	waiting := cluster.AgentPods{ByNode: map[string]cluster.AgentPod{"n1": {Unscheduled: true}}}
	bound := cluster.AgentPods{ByNode: map[string]cluster.AgentPod{"n1": {}}}
	refused := cluster.AgentPods{Refused: []facts.Event{{Reason: "FailedCreate"}}}
	for name, tc := range map[string]struct {
		w       *watch
		kept    facts.Kept
		over    bool
		certain bool
	}{
		"nobody makes pods":                          {at(time.Minute, none, true, 20), facts.KeptNotCreated, true, true},
		"nobody makes pods, and no lease tells":      {at(time.Minute, none, true, -1), facts.KeptNotCreated, false, false},
		"a slow controller renews its lease":         {at(time.Minute, none, true, 2), facts.KeptNotCreated, false, false},
		"at the beginning":                           {at(0, none, true, 2), facts.KeptNotCreated, false, false},
		"no lease tells, and the whole time is over": {at(2*time.Minute, none, true, -1), facts.KeptNotCreated, false, true},
		"nobody places pods":                         {at(time.Minute, waiting, false, 20), facts.KeptNotScheduled, true, true},
		"a bound pod is the kubelet's":               {at(time.Minute, bound, false, 20), "", false, false},
		"refused pods":                               {at(0, refused, false, 20), facts.KeptRefused, false, true},
	} {
		if k := tc.w.kept("n1"); k != tc.kept {
			t.Errorf("%s: kept %q, want %q", name, k, tc.kept)
		}
		if k := tc.w.certain("n1"); (k != "") != tc.certain {
			t.Errorf("%s: certain %q, want one: %v", name, k, tc.certain)
		}
		if over := tc.w.stuck(facts.Node{Name: "n1"}); over != tc.over {
			t.Errorf("%s: waiting is over: %v, want %v", name, over, tc.over)
		}
	}
}
