package factstest_test

import (
	"encoding/json"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestHealthyAnswersEveryCellOfEveryFlow(t *testing.T) {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	if len(s.Matrices) != len(factstest.Flows(facts.IPv4, facts.IPv6)) {
		t.Fatalf("%d matrices", len(s.Matrices))
	}
	for _, m := range s.Matrices {
		for _, r := range m.Rows {
			if len(r.Cells) != len(m.Targets) {
				t.Errorf("%s %s: %d cells for %d targets", m.Flow.Key(), r.From, len(r.Cells), len(m.Targets))
			}
			for i, c := range r.Cells {
				if right := m.Flow.Via.Right(); c.Outcome != right && !m.Targets[i].Silent {
					t.Errorf("%s %s: %s", m.Flow.Key(), r.From, c.Outcome)
				}
			}
		}
	}
}

func TestASpoiledSnapshotSurvivesJSON(t *testing.T) {
	const key = "pod>pod/tcp/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Letters(s, key, "..T", "!exec: no route to host", "Un~")
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back facts.Snapshot
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	m := back.Matrix(factstest.Flow(key))
	if m.Rows[0].Cells[2].Outcome != facts.Timeout || m.Rows[1].NotRun == "" || !m.Rows[2].Cells[1].Rewritten || !m.Rows[2].Cells[2].Retried {
		t.Errorf("rows = %+v", m.Rows)
	}
	if d := m.Rows[2].Detail(0); d == nil || d.Attempts[0].ICMP == nil {
		t.Errorf("detail = %+v", d)
	}
}

func TestADroppedPodAgentLeavesNoRowAndNoColumn(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.DropPodAgent(s, "n2", facts.Event{Reason: "FailedScheduling", Message: "no"})
	m := s.Matrix(factstest.Flow("pod>pod/udp/ipv4@main"))
	if len(m.Rows) != 2 || len(m.Targets) != 2 || len(m.Rows[0].Cells) != 2 {
		t.Errorf("matrix = %+v", m)
	}
}
