package collect

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func TestAnAnswerIsReadUntilItsEnd(t *testing.T) {
	text := `{"identity":{"peer":"host/n1","ports":{"tcp":7}}}
{"row":{"flow":{"from":"pod","to":"pod","via":"tcp","family":"ipv4","look":"main"},"row":{"from":{"kind":"pod","node":"n1"},"cells":"AQA="}}}
{"done":{"attempts":5,"millis":9}}
`
	var r reply
	if err := r.read(strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	if r.identity == nil || len(r.Rows) != 1 || r.done == nil || r.done.Attempts != 5 || r.bytes == 0 {
		t.Errorf("read %+v", r)
	}
	if r.Rows[0].Row.Cells[0].Outcome != facts.OK {
		t.Errorf("the cell is %v", r.Rows[0].Row.Cells)
	}
}

func TestWhatArrivedBeforeAnAnswerWasCutShortIsKept(t *testing.T) {
	text := `{"identity":{"peer":"host/n1","ports":{"tcp":7}}}
{"row":{"flow":`
	var r reply
	err := r.read(strings.NewReader(text), nil)
	if err == nil || r.identity == nil || r.done != nil {
		t.Errorf("read %+v, %v", r, err)
	}
}

func TestAnAgentThatCannotDoThePlanSaysWhy(t *testing.T) {
	var r reply
	if err := r.read(strings.NewReader(`{"error":"the plan has version 2"}`), nil); err != nil {
		t.Fatal(err)
	}
	if r.NotRun != "the plan has version 2" || r.done != nil {
		t.Errorf("read %+v", r)
	}
}

func TestEveryFlowAskedForIsInTheSnapshotEvenIfTheRunEndedEarly(t *testing.T) {
	f := facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main}
	c := &Collector{
		snapshot: &facts.Snapshot{
			Nodes: []facts.Node{{Name: "n1"}, {Name: "n2", Excluded: "--exclude-nodes"}},
			Run:   facts.Run{Incomplete: "interrupted while probing"},
		},
		needs: topology.Requirement{
			Flows: []facts.Flow{f}, Looks: map[facts.Look]bool{facts.First: true, facts.Last: true},
		},
	}
	c.fillGaps()
	if m := c.snapshot.Matrix(f); m == nil || m.NotRun != "interrupted while probing" {
		t.Errorf("the matrix is %+v", m)
	}
	for _, look := range []facts.Look{facts.First, facts.Last} {
		if h := c.snapshot.Host("n1", look); h == nil || h.NotRun != "interrupted while probing" {
			t.Errorf("the %s look is %+v", look, h)
		}
		if h := c.snapshot.Host("n2", look); h != nil {
			t.Errorf("an excluded node has a %s look", look)
		}
	}
}

func TestABatchHasTheTimeThatItsProbesTakeIfAllFail(t *testing.T) {
	c := &Collector{options: Options{Timing: wire.DefaultTiming()}}
	small := c.deadline(nil)
	many := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: facts.TCP}, Targets: make([]facts.Target, 1000)}})
	search := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: facts.PMTU}, Targets: make([]facts.Target, 1)}})
	endless := c.deadline([]wire.PlannedFlow{{Flow: facts.Flow{Via: facts.TCP}, Targets: make([]facts.Target, 10_000_000)}})
	if many <= small || search <= small || endless != int(deadlineMost.Milliseconds()) {
		t.Errorf("deadlines %d, %d, %d, %d ms", small, many, search, endless)
	}
}
