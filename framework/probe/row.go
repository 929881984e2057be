package probe

import (
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// facts makes the row of a flow. A target without an attempt has the reason why
// as its record; where that is so for all, it is the row's.
func (row *row) facts(from facts.Vantage, why string) facts.Row {
	out := facts.Row{From: from, Cells: make(facts.Cells, 0, len(row.jobs))}
	if !row.began.IsZero() {
		out.Millis = int(time.Since(row.began).Milliseconds())
	}
	out.SettleMillis = int(row.settle.Load())
	observed := len(row.jobs) == 0
	reason := why
	for i, j := range row.jobs {
		cell, detail := settle(row.plan.Flow.Via, len(row.plan.Targets[i].Peers), &j.answer)
		switch {
		case cell.Outcome != facts.NotRun:
			observed = true
		case why != "":
			detail = &facts.Detail{Attempts: []facts.Attempt{{Outcome: facts.NotRun, Note: why}}}
		case detail != nil && reason == "":
			reason = detail.Attempts[0].Note
		}
		out.Cells = append(out.Cells, cell)
		if figures(row.plan.Flow.Via) {
			out.Series = append(out.Series, j.answer.series)
		}
		if detail != nil {
			detail.Target = i
			out.Details = append(out.Details, *detail)
		}
	}
	if !observed {
		return facts.Row{From: from, Millis: out.Millis, NotRun: reason}
	}
	if row.plan.Flow.Via == facts.PMTU || row.plan.Flow.Via == facts.Over {
		out.MTU = row.mtu()
	}
	return out
}

// mtu is that of the interface towards the first target that is another host's;
// towards the own addresses, that of the loopback device, where there is no other.
func (row *row) mtu() int {
	own := 0
	for _, t := range row.plan.Targets {
		r, err := routeTo(t.Addr.Unmap())
		switch {
		case err == nil && !r.local:
			return r.mtu
		case err == nil && own == 0:
			own = r.mtu
		}
	}
	return own
}

// figures says whether a way of probing gives figures of a series.
func figures(via facts.Via) bool {
	return via == facts.Series || via == facts.Race || via == facts.Connect
}
