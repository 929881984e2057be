package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

var tcpFlow = facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main}

func planFor(flow facts.Flow, targets ...facts.Target) wire.Plan {
	return wire.Plan{
		Version: wire.Version, From: facts.Vantage{Kind: flow.From, Node: "n1"}, Seed: 7, DeadlineMillis: 30_000,
		Flows:  []wire.PlannedFlow{{Flow: flow, Targets: targets}},
		Timing: wire.Timing{ConnectMillis: 400, ReplyMillis: 300, Attempts: 2, Parallel: 8},
	}
}

func linesOf(t *testing.T, plan wire.Plan) []wire.Line {
	t.Helper()
	var lines []wire.Line
	if err := Run(t.Context(), plan, func(l wire.Line) error { lines = append(lines, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return lines
}

func runOne(t *testing.T, flow facts.Flow, target facts.Target) facts.Row {
	t.Helper()
	lines := linesOf(t, planFor(flow, target))
	if len(lines) != 2 || lines[0].Row == nil || lines[1].Done == nil {
		t.Fatalf("lines %+v", lines)
	}
	return lines[0].Row.Row
}

// freePort is a loopback port on which nothing listens.
func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

func echoTarget(t *testing.T) facts.Target {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := echo.Listen(ctx, "far")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return facts.Target{ID: "far", Addr: netip.MustParseAddr("127.0.0.1"), Port: s.Ports().TCP, Peers: []string{"far"}}
}

func TestAPlanThatCannotBeDoneIsRefused(t *testing.T) {
	good := planFor(tcpFlow, facts.Target{ID: "x", Addr: netip.MustParseAddr("127.0.0.1")})
	cases := map[string]struct {
		spoil func(*wire.Plan)
		says  string
	}{
		"another version":          {func(p *wire.Plan) { p.Version = 99 }, "version 99"},
		"no deadline":              {func(p *wire.Plan) { p.DeadlineMillis = 0 }, "deadline"},
		"an unknown flow":          {func(p *wire.Plan) { p.Flows[0].Flow.Via = "smoke" }, "smoke"},
		"a target without address": {func(p *wire.Plan) { p.Flows[0].Targets = []facts.Target{{ID: "lost"}} }, "lost"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan := good
			plan.Flows = slices.Clone(good.Flows)
			c.spoil(&plan)
			err := Run(t.Context(), plan, func(wire.Line) error { t.Error("a line was emitted"); return nil })
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, %q is expected in it", err, c.says)
			}
		})
	}
}

func TestAFailureIsTriedAgainAndASuccessIsNot(t *testing.T) {
	far := echoTarget(t)
	shut := far
	shut.Port = freePort(t)
	lines := linesOf(t, planFor(tcpFlow, far, shut))
	row := lines[0].Row.Row
	if row.Detail(0) != nil || row.Cells[0].Outcome != facts.OK {
		t.Errorf("healthy: %+v %+v", row.Cells[0], row.Detail(0))
	}
	if d := row.Detail(1); row.Cells[1].Outcome != facts.Refused || row.Cells[1].Retried || d == nil || len(d.Attempts) != 2 {
		t.Errorf("refused: %+v %+v", row.Cells[1], d)
	}
	if n := lines[1].Done.Attempts; n != 3 {
		t.Errorf("%d attempts are counted, 3 were made", n)
	}
}

func TestRefusedIsTheRightAnswerOfAClosedPortAtOnce(t *testing.T) {
	shut := facts.Target{ID: "x", Addr: netip.MustParseAddr("127.0.0.1"), Port: freePort(t)}
	flow := tcpFlow
	flow.Via = facts.Closed
	row := runOne(t, flow, shut)
	if row.Cells[0].Outcome != facts.Refused || row.Detail(0) != nil || row.Cells[0].RTT == 0 {
		t.Errorf("%+v %+v", row.Cells[0], row.Detail(0))
	}
}

func TestWhatTheDeadlineCutsOffIsNotRunAndSaysWhy(t *testing.T) {
	deaf := farEnd(t, func(c net.Conn) { readRequest(c); <-t.Context().Done() })
	far := echoTarget(t)
	plan := planFor(tcpFlow, far, deaf, deaf)
	plan.Timing.ConnectMillis, plan.DeadlineMillis = 60_000, 400
	plan.Flows = append(plan.Flows, wire.PlannedFlow{Flow: tcpFlow, Targets: []facts.Target{deaf}})
	plan.Flows[1].Flow.To = facts.ToHost
	began := time.Now()
	lines := linesOf(t, plan)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a deadline of 400 ms took %s", took)
	}
	rows := map[facts.TargetKind]facts.Row{}
	for _, l := range lines {
		if l.Row != nil {
			rows[l.Row.Flow.To] = l.Row.Row
		}
	}
	half := rows[facts.ToPod]
	if len(half.Cells) != 3 || half.Cells[0].Outcome != facts.OK || half.Cells[1].Outcome != facts.NotRun {
		t.Fatalf("cells %+v", half.Cells)
	}
	if d := half.Detail(1); d == nil || !strings.Contains(d.Attempts[0].Note, "deadline of 400 ms") {
		t.Errorf("record %+v", d)
	}
	if none := rows[facts.ToHost]; len(none.Cells) != 0 || !strings.Contains(none.NotRun, "deadline") {
		t.Errorf("a row without an answer: %+v", none)
	}
	if lines[len(lines)-1].Done == nil {
		t.Error("Done is missing")
	}
}

func TestAnInterruptionEmitsWhatIsKnownAndNoDone(t *testing.T) {
	deaf := farEnd(t, func(c net.Conn) { readRequest(c); <-t.Context().Done() })
	plan := planFor(tcpFlow, deaf)
	plan.Timing.ConnectMillis = 60_000
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var lines []wire.Line
	err := Run(ctx, plan, func(l wire.Line) error { lines = append(lines, l); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if len(lines) != 1 || !strings.Contains(lines[0].Row.Row.NotRun, "interrupted") {
		t.Errorf("lines %+v", lines)
	}
}

func TestAnAnswerNobodyReadsEndsTheRun(t *testing.T) {
	broken := errors.New("broken pipe")
	err := Run(t.Context(), planFor(tcpFlow, echoTarget(t)), func(wire.Line) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestTheOrderOfTargetsDependsOnSeedAndVantageAlone(t *testing.T) {
	order := func(seed uint64, node string) []int {
		plan := planFor(tcpFlow, make([]facts.Target, 20)...)
		plan.Seed, plan.From.Node = seed, node
		r := newRun(plan, nil, nil)
		var out []int
		for _, j := range r.order(r.random()) {
			out = append(out, j.index)
		}
		return out
	}
	first := order(1, "n1")
	if !slices.Equal(first, order(1, "n1")) {
		t.Error("the same seed gives another order")
	}
	if slices.Equal(first, order(2, "n1")) || slices.Equal(first, order(1, "n2")) {
		t.Error("another seed or vantage gives the same order")
	}
}
