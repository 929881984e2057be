package matrix_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

func TestANodeThatIsNoReceiverOfASampleIsNotMissing(t *testing.T) {
	const series = "pod>pod/series/ipv4@main"
	s := factstest.Healthy(40)
	if n := len(s.Matrix(factstest.Flow(series)).Targets); n >= 40 {
		t.Fatalf("%d receivers are no sample", n)
	}
	expect(t, matrix.Judge(s, spec(series)), "pass: 1280 of 1280 pairs answer (series of TCP connects; IPv4)")
}

func TestLossThatACheckJudgesItselfIsNotToldTwice(t *testing.T) {
	const series = "pod>pod/series/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Letters(s, series, ".~.", "...", "...")
	own := spec(series)
	own.JudgesLoss = true
	expect(t, matrix.Judge(s, own), "pass: 9 of 9 pairs answer (series of TCP connects; IPv4)")
}

func TestARuleSeesTheFiguresOfASeries(t *testing.T) {
	const series = "pod>pod/series/ipv4@main"
	s := factstest.Healthy(2)
	own := spec(series)
	seen := 0
	own.Rule = func(c matrix.Cell) matrix.Ruling {
		seen += c.Series.Sent
		return matrix.Answers(c)
	}
	matrix.Judge(s, own)
	if seen != 4*20 {
		t.Errorf("%d attempts seen", seen)
	}
}

func TestATargetOfAKindBeyondTheFirstHasAName(t *testing.T) {
	s := factstest.Healthy(2)
	const records = "pod>dnsRecord/record/ipv4@main"
	m := s.Matrix(factstest.Flow(records))
	for i := range m.Rows {
		m.Rows[i].Cells[0] = facts.Cell{Outcome: facts.Garbled}
	}
	expect(t, matrix.Judge(s, spec(records)), "fail: 12 of 14 pairs answer (DNS question; IPv4)",
		"fail [] [A kubernetes] 2 of 14 pairs get a wrong answer: all to A kubernetes (DNS question; IPv4)")
}
