package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// leaveOpen says at each cause of traffic which red pairs of its nodes no cause
// explains. It weakens none: something else may be wrong there, too.
func (in *input) leaveOpen(list []report.Cause, claims []claim) {
	var left []spot
	for at := range in.red {
		if s, known := in.place(at); known && !in.covered[at] {
			left = append(left, s)
		}
	}
	for i, cl := range claims {
		if len(left) == 0 || cl.cell == nil || list[i].Verdict != check.Fail {
			continue
		}
		kinds, n := map[string]bool{}, 0
		for _, s := range left {
			if touching(cl.nodes)(s.flow, s.from, s.to) {
				kinds[kindOf(s.flow)] = true
				n++
			}
		}
		if n > 0 {
			list[i].Against = append(list[i].Against, fmt.Sprintf("no cause explains %s of %s (%s)",
				figures.Count(n, "red pair"), names(cl.nodes), some(sortedKeys(kinds))))
		}
	}
}

// kindOf is the kind of a flow in words: "pod → clusterIP over TCP".
func kindOf(f facts.Flow) string {
	return fmt.Sprintf("%s → %s over %s", f.From, f.To, strings.ToUpper(string(f.Via)))
}

// some names the first of a list.
func some(list []string) string {
	const shown = 3
	if len(list) <= shown {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
}

// open are the failing findings that nothing explains.
func (in *input) open() []Open {
	var out []Open
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if f.Verdict == check.Fail && !in.explained[findingID{j.ID, i}] {
				out = append(out, Open{j.ID, f})
			}
		}
	}
	return slices.Clip(out)
}

// observed: something was tried there at all.
func observed(s spot) bool { return s.cell.Outcome != facts.NotRun }
