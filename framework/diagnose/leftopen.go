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
	byNode := map[string][]int{}
	for at := range in.red {
		s, known := in.place(at)
		if !known || in.covered[at] {
			continue
		}
		byNode[s.from.Node] = append(byNode[s.from.Node], len(left))
		if s.to.Node != s.from.Node {
			byNode[s.to.Node] = append(byNode[s.to.Node], len(left))
		}
		left = append(left, s)
	}
	for i, cl := range claims {
		if len(left) == 0 || cl.cell == nil || list[i].Verdict != check.Fail {
			continue
		}
		kinds, mine := map[string]bool{}, map[int]bool{}
		for _, node := range cl.nodes {
			for _, k := range byNode[node] {
				mine[k] = true
				kinds[kindOf(left[k].flow)] = true
			}
		}
		if len(mine) > 0 {
			list[i].Against = append(list[i].Against, fmt.Sprintf("no cause explains %s of %s (%s)",
				figures.Count(len(mine), "red pair"), names(cl.nodes), some(sortedKeys(kinds))))
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

// open is what nothing explains of the failing findings.
func (in *input) open() []Open {
	var out []Open
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if rest, some := in.remainder(findingID{j.ID, i}, f); some && f.Verdict == check.Fail {
				out = append(out, Open{j.ID, rest})
			}
		}
	}
	return slices.Clip(out)
}

// observed: something was tried there at all.
func observed(s spot) bool { return s.cell.Outcome != facts.NotRun }
