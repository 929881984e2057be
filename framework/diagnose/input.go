package diagnose

import (
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// input is what every cause may read, and what has been explained so far.
type input struct {
	facts     *facts.Snapshot
	judged    []Judged
	red       map[cellID]bool // cells in failing findings
	covered   map[cellID]bool // those of them that a cause stands behind
	explained map[findingID]bool
	matrices  map[string]*placed
	net       *dataplane.Network // nil until it is asked for
	// kept are the cells at which the suite was kept from looking.
	kept map[cellID]bool
	// policyRules are the rules by which policies dropped packets of our pods; nil until read.
	policyRules []policyDrop
	// healing matches where the run itself took something away.
	healing func() cellTest
}

// cellID is one cell of one matrix.
type cellID struct{ flow, from, to string }

// cellOf is the cell a finding's pair stands for; the pair may name its own flow.
func cellOf(f check.Finding, p check.Pair) cellID {
	return cellID{f.FlowOf(p), p.From, p.To}
}

// findingID is a finding's place.
type findingID struct {
	check string
	index int
}

// placed is a matrix with its rows and columns by name.
type placed struct {
	facts.Matrix
	rows    map[string]int
	columns map[string]int
	// rowsOf and columnsOf are by node.
	rowsOf, columnsOf map[string][]int
}

// spot is one cell with everything that tells what it means.
type spot struct {
	flow facts.Flow
	from facts.Vantage
	to   facts.Target
	cell facts.Cell
}

func newInput(s *facts.Snapshot, judged []Judged) *input {
	in := &input{
		facts: s, judged: judged,
		red: map[cellID]bool{}, covered: map[cellID]bool{}, explained: map[findingID]bool{}, matrices: map[string]*placed{},
		kept: map[cellID]bool{},
	}
	in.healing = sync.OnceValue(in.whatHealed)
	for _, m := range s.Matrices {
		p := &placed{Matrix: m, rows: map[string]int{}, columns: map[string]int{}, rowsOf: map[string][]int{}, columnsOf: map[string][]int{}}
		for i, r := range m.Rows {
			p.rows[r.From.String()] = i
			p.rowsOf[r.From.Node] = append(p.rowsOf[r.From.Node], i)
		}
		for i, t := range m.Targets {
			p.columns[t.ID] = i
			p.columnsOf[t.Node] = append(p.columnsOf[t.Node], i)
		}
		in.matrices[m.Flow.Key()] = p
	}
	for _, j := range judged {
		for _, f := range j.Result.Findings {
			if f.Verdict != check.Fail {
				continue
			}
			for _, p := range f.Pairs {
				in.red[cellOf(f, p)] = true
			}
		}
	}
	return in
}

// place finds a cell; a row without an answer has only NotRun to give.
func (in *input) place(at cellID) (spot, bool) {
	p := in.matrices[at.flow]
	if p == nil {
		return spot{}, false
	}
	row, ok1 := p.rows[at.from]
	column, ok2 := p.columns[at.to]
	if !ok1 || !ok2 {
		return spot{}, false
	}
	out := spot{flow: p.Flow, from: p.Rows[row].From, to: p.Targets[column]}
	if column < len(p.Rows[row].Cells) {
		out.cell = p.Rows[row].Cells[column]
	}
	return out, true
}

// located is a finding with its check.
type located struct {
	check string
	check.Finding
}

// failing are the failing findings of a check, in order.
func (in *input) failing(id string) []located { return in.found(id, check.Fail) }

// found are the findings of a check with one of the verdicts, in order.
func (in *input) found(id string, verdicts ...check.Verdict) []located {
	var out []located
	for _, j := range in.judged {
		if j.ID != id {
			continue
		}
		for _, f := range j.Result.Findings {
			if slices.Contains(verdicts, f.Verdict) {
				out = append(out, located{id, f})
			}
		}
	}
	return out
}

// nodesOf are the nodes that failing findings of a check name, sorted.
func (in *input) nodesOf(id string) []string { return namedBy(in.failing(id)) }

// namedBy are the nodes that findings name, sorted.
func namedBy(findings []located) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Nodes...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// evidenceOf is what findings saw, and what they advise, without repetition.
func evidenceOf(findings []located) ([]check.Evidence, []check.Remedy) {
	var evidence []check.Evidence
	var remedy []check.Remedy
	for _, f := range findings {
		for _, e := range f.Evidence {
			if !slices.Contains(evidence, e) {
				evidence = append(evidence, e)
			}
		}
		for _, r := range f.Remedy {
			if !slices.Contains(remedy, r) {
				remedy = append(remedy, r)
			}
		}
	}
	return evidence, remedy
}

// claimOf is a claim of what findings of some nodes say, saw and advise.
func claimOf(nodes []string, findings []located) claim {
	evidence, remedy := evidenceOf(findings)
	return claim{nodes: nodes, says: says(findings), evidence: evidence, remedy: remedy}
}

// says joins what findings say into one sentence that begins with the nodes.
func says(findings []located) string {
	parts := make([]string, 0, len(findings))
	for i, f := range findings {
		if i == 3 {
			parts = append(parts, "and "+figures.Count(len(findings)-i, "more finding")+" like it")
			break
		}
		text := strings.TrimRight(f.Says, ".")
		same := i > 0 && slices.Equal(f.Nodes, findings[i-1].Nodes)
		if !same && !mentions(text, f.Nodes) && len(f.Nodes) > 0 {
			text = names(f.Nodes) + ": " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func mentions(text string, nodes []string) bool {
	return slices.ContainsFunc(nodes, func(n string) bool { return containsWord(text, n) })
}

func (f located) names(node string) bool { return slices.Contains(f.Nodes, node) }

// namedBy are the nodes that findings name, sorted.
func nodesIn(findings []located) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Nodes...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
