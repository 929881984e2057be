package path

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Build makes the path of a trace: what should have been passed follows from the
// snapshot, what was passed from the trace.
func Build(s *facts.Snapshot, t facts.Trace) Path {
	b := newBuilder(s, t)
	p := Path{ID: t.ID, For: t.For, Title: b.title()}
	p.Request, p.Answer = b.lanes()
	b.fill(&p.Request, &p.Answer)
	for _, w := range t.Watches {
		if w.File != "" && !slices.Contains(p.Files, w.File) {
			p.Files = append(p.Files, w.File)
		}
	}
	p.Verdict = b.judge(&p)
	return p
}
