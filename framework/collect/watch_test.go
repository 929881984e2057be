package collect

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// waitFor is a watch over nodes whose pods are as given; a node without one has none.
func waitFor(pods map[string]cluster.AgentPod, nodes ...facts.Node) *watch {
	c := &Collector{
		options: Options{AgentTimeout: 90 * time.Second}, progress: silent{}, givenUp: map[string]bool{},
		snapshot: &facts.Snapshot{Nodes: nodes},
	}
	w := newWatch(c, nodeRole)
	w.pods.ByNode = pods
	return w
}

func inTrouble(reason string) cluster.AgentPod {
	return cluster.AgentPod{Agent: facts.Agent{Pod: "p", Trouble: []facts.Event{{Reason: reason, Message: "no"}}}}
}

func TestTroubleIsGivenItsGraceAndAGivenUpNodeNone(t *testing.T) {
	n := facts.Node{Name: "n1"}
	w := waitFor(map[string]cluster.AgentPod{"n1": inTrouble("ErrImagePull")}, n)
	if w.stuck(n) {
		t.Error("trouble that was just seen ends the wait")
	}
	w.since["n1"] = time.Now().Add(-2 * troubleGrace)
	if !w.stuck(n) {
		t.Error("lasting trouble does not end the wait")
	}
	w.record()
	again := newWatch(w.collector, probeRole)
	again.pods = w.pods
	if !again.stuck(n) {
		t.Error("the node that was given up is waited for a second time")
	}
}

func TestANodeThatTheAdmissionRefusedIsNotGivenUpForTheOtherAgent(t *testing.T) {
	n := facts.Node{Name: "n1"}
	w := waitFor(map[string]cluster.AgentPod{}, n)
	w.pods.Refused = []facts.Event{{Reason: "FailedCreate", Message: "violates PodSecurity"}}
	w.record()
	if w.collector.givenUp["n1"] {
		t.Error("given up, though the probe pod may be allowed")
	}
	if why := w.collector.snapshot.Nodes[0].NodeAgent.NotRun; !strings.Contains(why, "violates PodSecurity") {
		t.Errorf("says %q", why)
	}
}

func TestANodeThatIsNotReadyIsWaitedForOnce(t *testing.T) {
	n := facts.Node{Name: "n1", Conditions: []facts.Condition{{Type: "Ready", Status: "Unknown"}}}
	w := waitFor(map[string]cluster.AgentPod{}, n) // the DaemonSet makes no pod for an unreachable node
	w.record()
	if again := newWatch(w.collector, probeRole); !again.stuck(n) {
		t.Error("waited for twice")
	}
}

func TestANodeThatTurnsNotReadyIsTroubleThoughItsPodSaysNothing(t *testing.T) {
	ready := func(status string) []facts.Condition {
		return []facts.Condition{{Type: "Ready", Status: status, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status."}}
	}
	silentPod := cluster.AgentPod{Agent: facts.Agent{Pod: "p"}, Unseen: true}
	for _, tc := range []struct {
		name string
		node facts.Node
		want string
	}{
		{"it was Ready and is not", facts.Node{Name: "n1", Conditions: ready("True"), Last: ready("Unknown")}, "NodeNotReady: NodeStatusUnknown: Kubelet stopped"},
		{"it was not Ready and is", facts.Node{Name: "n1", Conditions: ready("Unknown"), Last: ready("True")}, notTakenUp},
		{"nobody asked again", facts.Node{Name: "n1", Conditions: ready("False")}, "NodeNotReady"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := waitFor(map[string]cluster.AgentPod{"n1": silentPod}, tc.node)
			w.record()
			if why := w.collector.snapshot.Nodes[0].NodeAgent.NotRun; !strings.Contains(why, tc.want) {
				t.Errorf("says %q", why)
			}
			if !w.collector.givenUp["n1"] {
				t.Error("the other agent would be waited for as long")
			}
		})
	}
}

type heard []string

func (h *heard) Phase(string)     {}
func (h *heard) Note(line string) { *h = append(*h, line) }

func TestWhatHoldsForManyNodesIsToldOnceInOneLine(t *testing.T) {
	pods := map[string]cluster.AgentPod{}
	var nodes []facts.Node
	for _, name := range []string{"n1", "n2", "n3", "n4", "n5"} {
		pods[name] = inTrouble("ErrImagePull")
		nodes = append(nodes, facts.Node{Name: name})
	}
	w := waitFor(pods, nodes...)
	told := &heard{}
	w.collector.progress = told
	for range 2 {
		for _, n := range nodes {
			w.stuck(n)
		}
		w.tellNews()
	}
	if len(*told) != 1 || (*told)[0] != "n1, n2, n3 and 2 more: ErrImagePull: no" {
		t.Errorf("told %q", *told)
	}
}

func TestTheEndOfTheWaitIsNotWhatKeptItFromKnowing(t *testing.T) {
	w := waitFor(nil, facts.Node{Name: "n1"})
	ending, cancel := context.WithTimeout(t.Context(), pollInterval/10)
	defer cancel()
	w.failed(ending, context.DeadlineExceeded)
	if w.lastErr != nil {
		t.Errorf("keeps %v", w.lastErr)
	}
	w.failed(t.Context(), errors.New("the API server is gone"))
	if why := w.notRun(nil, "", false); !strings.Contains(why, "the API server is gone") {
		t.Errorf("says %q", why)
	}
}

func TestAPodThatIsReplacedOrYoungIsAboutToBeReady(t *testing.T) {
	for _, tc := range []struct {
		name string
		pod  facts.Pod
		want bool
	}{
		{"Ready", facts.Pod{Ready: true}, false},
		{"being deleted", facts.Pod{Terminating: true, Started: time.Unix(0, 0), Restarts: 3}, true},
		{"just started", facts.Pod{Phase: "Running", Started: time.Now()}, true},
		{"not yet scheduled", facts.Pod{Phase: "Pending"}, true},
		{"evicted", facts.Pod{Phase: "Failed", Reason: "Evicted", Started: time.Now()}, false},
		{"started long ago", facts.Pod{Phase: "Running", Started: time.Now().Add(-time.Hour)}, false},
		{"in a crash loop", facts.Pod{Phase: "Running", Started: time.Now(), Restarts: 2}, false},
	} {
		if got := starting(tc.pod); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
}

func TestARunThatEndsEarlySaysInWhichStep(t *testing.T) {
	limited, cancel := context.WithTimeoutCause(t.Context(), 0, errors.New("the time limit of 5s was reached"))
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, tc := range []struct {
		want         string
		ctx, bounded context.Context
	}{
		{"the time limit of 5s was reached while probing", t.Context(), limited},
		{"interrupted while probing", stopped, stopped},
		{"creating it: no", t.Context(), t.Context()},
	} {
		if got := incomplete(tc.ctx, tc.bounded, "probing", errors.New("creating it: no")); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestAnAnswerThatNeverCameIsToldFromOneThatWasCutShort(t *testing.T) {
	why := errors.New("dial tcp 10.0.0.1:10250: i/o timeout")
	if got := (&reply{}).cutShort(why, ""); got != "the agent could not be asked: dial tcp 10.0.0.1:10250: i/o timeout" {
		t.Errorf("says %q", got)
	}
	if got := (&reply{bytes: 9}).cutShort(errNoEnd, "killed"); got != "the agent's answer was cut short: it has no end killed" {
		t.Errorf("says %q", got)
	}
}
