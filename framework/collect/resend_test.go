package collect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// stage plays the agents of all nodes and notes what happened in which order.
type stage struct {
	mu     sync.Mutex
	events []string
	deaf   string // this node's agent never begins to watch
}

func (s *stage) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
}

func (s *stage) agent(ctx context.Context, _ string, stdin io.Reader, stdout, _ io.Writer) error {
	var plan wire.Plan
	if err := json.NewDecoder(stdin).Decode(&plan); err != nil {
		return err
	}
	out := json.NewEncoder(stdout)
	if plan.Watch == nil {
		s.note("sent from " + plan.From.String())
		row := facts.Row{From: plan.From, Cells: facts.Cells{{Outcome: facts.Timeout}}, Details: []facts.Detail{{Attempts: []facts.Attempt{{Outcome: facts.Timeout}}}}}
		return errors.Join(out.Encode(wire.Line{Row: &wire.FlowRow{Flow: plan.Flows[0].Flow, Row: row}}), out.Encode(wire.Line{Done: &wire.Done{Attempts: 1}}))
	}
	if plan.From.Node == s.deaf {
		<-ctx.Done()
		return ctx.Err()
	}
	s.note("watching at " + plan.From.Node)
	if err := out.Encode(wire.Line{Watching: true}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stdin); err != nil { // until it is closed
		return err
	}
	s.note("ended at " + plan.From.Node)
	seen := facts.Watch{Packets: []facts.Sighting{{Dev: "eth0", Proto: "tcp"}}, NoDrops: "no right"}
	return errors.Join(
		out.Encode(wire.Line{Capture: []byte("pcap")}), out.Encode(wire.Line{Capture: []byte("ng")}),
		out.Encode(wire.Line{Watch: &seen}), out.Encode(wire.Line{Done: &wire.Done{}}),
	)
}

func oneTrace() facts.Trace {
	return facts.Trace{
		ID: "1", For: "vxlan-blocked/n2",
		Flow: facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main},
		From: facts.Vantage{Kind: facts.FromPod, Node: "n1"},
		To:   facts.Target{ID: "pod/n2", Node: "n2", Addr: netip.MustParseAddr("10.244.2.2"), Port: 7},
	}
}

// resending is a collector at its end, with agents that are played.
func resending(s *stage) *Collector {
	c := ready(3)
	c.needs.Hosts = true
	c.agents, c.perNode = s.agent, map[string]int{}
	c.options.Resend = func(*facts.Snapshot) []facts.Trace { return []facts.Trace{oneTrace()} }
	return c
}

func TestAFlowIsSentAgainOnceBothNodesWatch(t *testing.T) {
	s := &stage{}
	c := resending(s)
	kept := map[string]string{}
	c.options.SaveCapture = func(name string, data []byte) error { kept[name] = string(data); return nil }
	c.resend(t.Context())
	if len(c.snapshot.Traces) != 1 || c.snapshot.Traces[0].NotRun != "" {
		t.Fatalf("traces %+v", c.snapshot.Traces)
	}
	got := c.snapshot.Traces[0]
	if len(got.Attempts) != 1 || got.Attempts[0].Outcome != facts.Timeout || len(got.Watches) != 2 {
		t.Errorf("it is %+v", got)
	}
	for i, node := range []string{"n1", "n2"} {
		w, name := got.Watches[i], "trace-1-"+node+".pcapng"
		if w.Node != node || w.NotRun != "" || len(w.Packets) != 1 || w.File != name || kept[name] != "pcapng" || w.NoDrops != "no right" {
			t.Errorf("at %s: %+v, kept %q", node, w, kept[name])
		}
	}
	slices.Sort(s.events[:2])
	if got := strings.Join(s.events[:3], ", "); got != "watching at n1, watching at n2, sent from pod/n1" {
		t.Errorf("the order was %s", got)
	}
	if c.snapshot.Stats.Execs != 3 {
		t.Errorf("%d execs counted", c.snapshot.Stats.Execs)
	}
}

func TestANodeThatDoesNotWatchCostsOnlyItsOwnView(t *testing.T) {
	s := &stage{}
	c := resending(s)
	c.snapshot.Nodes[1].NodeAgent = facts.Agent{NotRun: "its node agent is not ready: ImagePullBackOff"}
	c.resend(t.Context())
	got := c.snapshot.Traces[0]
	if got.NotRun != "" || len(got.Attempts) != 1 || got.Watches[0].NotRun != "" || got.Watches[1].NotRun != "its node agent is not ready: ImagePullBackOff" {
		t.Errorf("it is %+v", got)
	}
	if got.Watches[0].File != "" {
		t.Error("a file is named that nobody kept")
	}
}

func TestTheTimeForSendingAgainIsBounded(t *testing.T) {
	s := &stage{deaf: "n2"}
	c := resending(s)
	c.options.Resend = func(*facts.Snapshot) []facts.Trace { return []facts.Trace{oneTrace(), oneTrace()} }
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the time was over"))
	defer cancel()
	c.resend(ctx)
	if len(c.snapshot.Traces) != 2 {
		t.Fatalf("traces %+v", c.snapshot.Traces)
	}
	if got := c.snapshot.Traces[0].Watches[1].NotRun; !strings.Contains(got, "the time was over") {
		t.Errorf("the deaf node says %q", got)
	}
	if got := c.snapshot.Traces[1].NotRun; got != "the time was over" {
		t.Errorf("what was not begun says %q", got)
	}
}

func TestWithoutHostAccessATraceSaysThatNobodyCouldWatch(t *testing.T) {
	c := resending(&stage{})
	c.options.Unprivileged = true
	c.resend(t.Context())
	if got := c.snapshot.Traces[0].NotRun; got != "no node could watch: host access was refused (--unprivileged)" {
		t.Errorf("it says %q", got)
	}
}

func TestACaptureThatCannotBeKeptIsAProblemAndNoFile(t *testing.T) {
	c := resending(&stage{})
	c.options.SaveCapture = func(string, []byte) error { return errors.New("the disk is full") }
	c.resend(t.Context())
	if w := c.snapshot.Traces[0].Watches[0]; w.File != "" || len(w.Packets) != 1 {
		t.Errorf("it is %+v", w)
	}
	if len(c.snapshot.Run.Problems) != 2 || c.snapshot.Run.Problems[0].Says != "the disk is full" {
		t.Errorf("problems %+v", c.snapshot.Run.Problems)
	}
}

func TestAPlainCellIsOneAttempt(t *testing.T) {
	got := attemptsOf(facts.Row{Cells: facts.Cells{{Outcome: facts.OK, RTT: 120}}})
	if len(got) != 1 || got[0].Outcome != facts.OK || got[0].Micros != 120 {
		t.Errorf("attempts %+v", got)
	}
}

func TestNothingIsSentAgainWhereNothingIsWorthIt(t *testing.T) {
	c := resending(&stage{})
	c.options.Resend = func(*facts.Snapshot) []facts.Trace { return nil }
	c.resend(t.Context())
	if len(c.snapshot.Traces) != 0 || len(c.snapshot.Stats.Phases) != 0 {
		t.Errorf("%+v", c.snapshot)
	}
}
