package probe

import (
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func TestHeavyFlowsComeAfterTheOthersAndInOrder(t *testing.T) {
	far := echoTarget(t)
	plan := planFor(tcpFlow)
	plan.Flows = nil
	for _, via := range []facts.Via{facts.Bulk, facts.Series, facts.TCP, facts.Sticky} {
		flow := tcpFlow
		flow.Via = via
		plan.Flows = append(plan.Flows, wire.PlannedFlow{Flow: flow, Targets: []facts.Target{far, far}})
	}
	var order []facts.Via
	for _, l := range linesOf(t, plan) {
		if l.Row != nil {
			order = append(order, l.Row.Flow.Via)
			if c := l.Row.Row.Cells; len(c) != 2 || c[0].Outcome != facts.OK || c[1].Outcome != facts.OK {
				t.Errorf("%s: %+v", l.Row.Flow.Key(), l.Row.Row)
			}
		}
	}
	slices.Sort(order[:2])
	if !slices.Equal(order, []facts.Via{facts.Sticky, facts.TCP, facts.Series, facts.Bulk}) {
		t.Errorf("order %v", order)
	}
}

// A Service that is new to the node refuses for a while; what is measured through
// it begins when it answers.
func TestWhatGoesThroughAServiceWaitsForItsFirstAnswer(t *testing.T) {
	for _, via := range []facts.Via{facts.Series, facts.Sticky, facts.TCP} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			target := farEnd(t, func(c net.Conn) {
				nonce := readRequest(c)
				if asked.Add(1) > 3 {
					_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Nonce: nonce, Peer: "pod/n1"}))
				}
			})
			target.Peers, target.AnyPeer = []string{"pod/n1", "pod/n2"}, true
			flow := tcpFlow
			flow.Via, flow.To = via, facts.ToAffinity
			plan := planFor(flow, target)
			plan.SettleMillis = 20_000
			row := linesOf(t, plan)[0].Row.Row
			if c := row.Cells[0]; c.Outcome != facts.OK || c.Retried || c.Partial || row.SettleMillis < 100 {
				t.Errorf("%+v, %d ms, %+v", c, row.SettleMillis, row.Detail(0))
			}
		})
	}
}

func TestTheFiguresOfASeriesAreThoseOfItsAnswers(t *testing.T) {
	var times []int
	for i := range 20 {
		times = append(times, 100*(20-i))
	}
	got := figuresOf(25, times)
	if got != (facts.SeriesCell{Sent: 25, Lost: 5, Median: 1000, P95: 1900, Worst: 2000, Deviation: 577}) {
		t.Errorf("%+v", got)
	}
	if got := figuresOf(3, nil); got != (facts.SeriesCell{Sent: 3, Lost: 3}) {
		t.Errorf("nobody answered: %+v", got)
	}
	var a answer
	late := []facts.Attempt{{Outcome: facts.OK, Micros: 200}, {Outcome: facts.OK, Micros: 1_000_300}, {Outcome: facts.NotRun}}
	a.figure(late, seriesLate)
	if a.series.Sent != 2 || a.series.Lost != 1 || a.series.Worst != 1_000_300 || a.series.Median != 200 || !a.partial || a.outcome != facts.OK {
		t.Errorf("%+v", a)
	}
}

func TestASeriesThatTheDeadlineCutsOffIsNotRun(t *testing.T) {
	deaf := farEnd(t, func(c net.Conn) { readRequest(c); <-t.Context().Done() })
	flow := tcpFlow
	flow.Via = facts.Series
	plan := planFor(tcpFlow, deaf)
	plan.Timing.ConnectMillis, plan.DeadlineMillis = 60_000, 300
	plan.Flows = append(plan.Flows, wire.PlannedFlow{Flow: flow, Targets: []facts.Target{deaf}})
	began := time.Now()
	for _, l := range linesOf(t, plan) {
		if l.Row != nil && (l.Row.Row.NotRun == "" || len(l.Row.Row.Series) != 0) {
			t.Errorf("%+v", l.Row)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
