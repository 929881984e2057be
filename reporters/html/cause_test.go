package html

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

func TestTheFirstCauseOfAKindHasThePageAndTheOthersNameIt(t *testing.T) {
	r := reporttest.IPForward()
	again := r.Causes[0]
	again.Key = "no-forwarding/demo-worker"
	r.Causes = append(r.Causes, again)
	got := newCauses(r)
	if got[0].Page == "" || got[0].PageAt != 0 {
		t.Errorf("the first has a page of %d bytes, and names cause %d", len(got[0].Page), got[0].PageAt)
	}
	if got[1].Page != "" || got[1].PageAt != 1 {
		t.Errorf("the second has a page of %d bytes, and names cause %d", len(got[1].Page), got[1].PageAt)
	}
}

func TestACauseThatIsNotKnownHasNoPageAndNamesNone(t *testing.T) {
	r := reporttest.IPForward()
	r.Causes[0].ID = "of another release"
	again := r.Causes[0]
	again.Key = "another"
	r.Causes = append(r.Causes, again)
	for _, c := range newCauses(r) {
		if c.Page != "" || c.PageAt != 0 {
			t.Errorf("cause %d has a page of %d bytes, and names cause %d", c.Number, len(c.Page), c.PageAt)
		}
	}
}

func TestWhatIsUnexplainedIsNotListedTwice(t *testing.T) {
	r := reporttest.UnexplainedPairs()
	p, err := build(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Odd) != 2 || p.Odd[0].Trace == nil || p.Odd[1].Trace != nil {
		t.Errorf("unexplained: %+v", p.Odd)
	}
	for _, l := range p.Loose {
		if slices.ContainsFunc(r.Unexplained, func(u report.Unexplained) bool { return slices.Contains(u.Checks, l.ID) }) {
			t.Errorf("%s is listed once more", l.ID)
		}
	}
}

func TestOfManyNodesTwelveAreListedAndTheOthersCounted(t *testing.T) {
	got := newOdd(1, reporttest.Conformant(), report.Unexplained{Says: "x", Nodes: make([]string, 40)})
	if len(got.Nodes) != 12 || got.More != 28 {
		t.Errorf("%d listed, and %d more", len(got.Nodes), got.More)
	}
}
