package reporttest

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// done counts what the faults have left.
func (b *builder) done(v report.Verdict, sentence string) *report.Report {
	b.r.Verdict, b.r.Sentence = v, sentence
	b.r.ExitStatus = map[report.Verdict]int{report.Conformant: 0, report.NotConformant: 1, report.CannotTell: 3}[v]
	for _, c := range b.r.Checks {
		b.count(c)
	}
	for i, m := range b.r.Matrices {
		cov := report.Coverage{Kind: m.Title}
		for j := range m.Rows {
			words := b.cells[m.Flow][j]
			b.r.Matrices[i].Rows[j].Words = string(words)
			b.records(&b.r.Matrices[i].Rows[j])
			cov.Asked += len(m.Columns)
			cov.Answered += len(words) - strings.Count(string(words), "?")
			for k, l := range words {
				if l != '.' && l != '~' {
					m.Rows[j].Micros[k] = 0
				}
			}
		}
		b.cover(cov)
	}
	return b.r
}

// cover adds up the flows of one kind: "pod → pod".
func (b *builder) cover(c report.Coverage) {
	c.Kind, _, _ = strings.Cut(c.Kind, ",")
	i := slices.IndexFunc(b.r.Coverage, func(o report.Coverage) bool { return o.Kind == c.Kind })
	if i < 0 {
		b.r.Coverage = append(b.r.Coverage, c)
		return
	}
	b.r.Coverage[i].Asked += c.Asked
	b.r.Coverage[i].Answered += c.Answered
}

func (b *builder) count(c report.Check) {
	for _, f := range c.Findings {
		for i := range b.r.Nodes {
			if f.Verdict == check.Fail && slices.Contains(f.Nodes, b.r.Nodes[i].Name) {
				b.r.Nodes[i].Failing++
			}
		}
	}
	n := &b.r.Counts
	switch c.Verdict {
	case check.Pass:
		n.Pass++
	case check.Warn:
		n.Warn++
	case check.Fail:
		n.Fail++
		if c.Accepted {
			n.Accepted++
		}
	case check.Skip:
		n.Skip++
	case check.Unknown:
		n.Unknown++
	}
}
