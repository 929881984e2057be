package matrix

import "github.com/plumbline-net/plumbline/framework/facts"

// Lookup gives a function which finds the outcome of one pair in any flow;
// NotRun where it was not observed.
func Lookup(s *facts.Snapshot) func(f facts.Flow, from facts.Vantage, target string) facts.Outcome {
	type lines struct {
		m    *facts.Matrix
		rows map[facts.Vantage]int
		cols map[string]int
	}
	known := map[facts.Flow]*lines{}
	index := func(f facts.Flow) *lines {
		if l, ok := known[f]; ok {
			return l
		}
		l := &lines{m: s.Matrix(f), rows: map[facts.Vantage]int{}, cols: map[string]int{}}
		if l.m != nil {
			for i, r := range l.m.Rows {
				l.rows[r.From] = i
			}
			for j, t := range l.m.Targets {
				l.cols[t.ID] = j
			}
		}
		known[f] = l
		return l
	}
	return func(f facts.Flow, from facts.Vantage, target string) facts.Outcome {
		l := index(f)
		i, ok1 := l.rows[from]
		j, ok2 := l.cols[target]
		if !ok1 || !ok2 || j >= len(l.m.Rows[i].Cells) {
			return facts.NotRun
		}
		return l.m.Rows[i].Cells[j].Outcome
	}
}
