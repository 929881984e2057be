package judge

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func TestACellThatIsNotPlainlyRightHasItsRecord(t *testing.T) {
	r := judged(func(s *facts.Snapshot) {
		factstest.Keep(s, podTCP)
		factstest.Letters(s, podTCP, ".U.", "~..", "!gone")
	})
	rows := r.Matrices[0].Rows
	u := rows[0].Detail(1)
	if u == nil || len(u.Attempts) == 0 || u.Attempts[len(u.Attempts)-1].ICMP != "ICMP host prohibited (3/10) from 10.0.0.13" {
		t.Errorf("the unreachable cell: %+v", u)
	}
	if rows[1].Detail(0) == nil || len(rows[1].Details) != 1 || rows[2].Details != nil || r.DetailsLeft != 0 {
		t.Errorf("the others: %+v, %d left", rows, r.DetailsLeft)
	}
}

// crowded has a number of rows and columns in which every cell timed out.
func crowded(rows, columns int) facts.Matrix {
	m := facts.Matrix{Flow: factstest.Flow(podTCP)}
	for j := range columns {
		m.Targets = append(m.Targets, facts.Target{ID: fmt.Sprintf("pod/n%03d", j)})
	}
	for i := range rows {
		row := facts.Row{From: facts.Vantage{Kind: facts.FromPod, Node: fmt.Sprintf("n%03d", i)}}
		for j := range columns {
			row.Cells = append(row.Cells, facts.Cell{Outcome: facts.Timeout})
			row.Details = append(row.Details, facts.Detail{Target: j, Attempts: []facts.Attempt{{Outcome: facts.Timeout, Micros: 2500976}}})
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func TestAReportHoldsSoManyRecordsOfEveryRow(t *testing.T) {
	observed := []facts.Matrix{crowded(100, 50)}
	// What passed after a retry gives way to what failed.
	for j := range 50 {
		observed[0].Rows[7].Cells[j] = facts.Cell{Outcome: facts.OK, Retried: true}
	}
	shown := []report.Matrix{matrixOf(observed[0])}
	left := details(observed, shown)
	all := 0
	for i, row := range shown[0].Rows {
		all += len(row.Details)
		if n := len(row.Details); i == 7 && n != 0 || i != 7 && (n < 20 || n > 21) {
			t.Errorf("row %d has %d records", i, n)
		}
	}
	if all != report.MaxDetails || left != 100*50-report.MaxDetails {
		t.Errorf("%d records, %d left", all, left)
	}
}

func TestALongRecordKeepsItsBeginningAndItsEnd(t *testing.T) {
	var d facts.Detail
	for i := range 33 {
		d.Attempts = append(d.Attempts, facts.Attempt{Outcome: facts.Timeout, Micros: i + 1})
	}
	got := detailOf(d)
	first, last := got.Attempts[0].Micros, got.Attempts[len(got.Attempts)-1].Micros
	if len(got.Attempts) != report.MaxAttempts || got.Left != 13 || first != 1 || last != 33 || got.Attempts[10].Micros != 24 {
		t.Errorf("got %d attempts from %d to %d, %d left", len(got.Attempts), first, last, got.Left)
	}
}

func TestAnAttemptInWords(t *testing.T) {
	at := netip.MustParseAddrPort
	got := attemptOf(facts.Attempt{
		Outcome: facts.OK, Micros: 70, Local: at("10.244.1.2:4711"), Seen: at("[fd00::1]:9"), Peer: "pod/n2", Size: 1450, RCode: "NXDOMAIN", Note: "odd",
	})
	want := report.Attempt{
		Outcome: facts.OK, Micros: 70, Local: "10.244.1.2:4711", Seen: "[fd00::1]:9", Peer: "pod/n2", Size: 1450, Note: "DNS says NXDOMAIN; odd",
	}
	if got != want {
		t.Errorf("got %+v", got)
	}
	if got := attemptOf(facts.Attempt{Local: at("10.244.1.2:0")}); got.Local != "10.244.1.2" {
		t.Errorf("ICMP has no port: %+v", got)
	}
}

func TestICMPErrorsInWords(t *testing.T) {
	addr := netip.MustParseAddr
	for want, e := range map[string]*facts.ICMPError{
		"": nil,
		"ICMP host prohibited (3/10) from 10.89.0.13":                           {Type: 3, Code: 10, From: addr("10.89.0.13")},
		"ICMPv6 administratively prohibited (1/1) from fd00::13":                {Type: 1, Code: 1, From: addr("fd00::13")},
		"ICMP fragmentation needed (3/4) from 10.0.0.1, which takes 1400 bytes": {Type: 3, Code: 4, From: addr("10.0.0.1"), MTU: 1400},
		"ICMP (12/7) from 10.0.0.1":                                             {Type: 12, Code: 7, From: addr("10.0.0.1")},
		"ICMP (3/10)":                                                           {Type: 3, Code: 10},
	} {
		t.Run(want, func(t *testing.T) {
			if got := icmpText(e); got != want {
				t.Errorf("got %q", got)
			}
		})
	}
}
