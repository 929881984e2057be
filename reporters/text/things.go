package text

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// firstThings are the first causes and what none explains, or where there is
// neither, the first checks that did not hold; in at most room lines.
func firstThings(r *report.Report, o Options, room int) []string {
	lines := troubles(r, o)
	all := things(r)
	shown, spare := chosen(all, room-len(lines))
	// What the others do not need, the first may use to say all they have to say.
	said, number := make([][]string, len(all)), 0
	for _, k := range []kind{failing, unexplained, warning} {
		for i, t := range all {
			if !shown[i] || t.kind != k {
				continue
			}
			if t.kind != unexplained {
				number++
			}
			said[i] = t.lines(number, o, t.least()+spare)
			spare -= len(said[i]) - t.least()
		}
	}
	lines = append(lines, slices.Concat(said...)...)
	if left := more(all, shown); left != "" {
		lines = append(lines, plain.Cut(left, o.width()))
	} else if spare > 0 && len(r.Causes) > 0 {
		lines = append(lines, "More: plumbline explain "+plain.Line(r.Ranked()[0].ID))
	}
	return lines
}

// troubles are what went wrong in the run itself, where no cause is known.
func troubles(r *report.Report, o Options) []string {
	const most = 2
	if len(r.Causes) > 0 {
		return nil
	}
	var lines []string
	if r.Run.Incomplete != "" {
		lines = append(lines, plain.Cut("Incomplete: "+plain.Line(r.Run.Incomplete), o.width()))
	}
	for _, e := range r.Run.Problems {
		if len(lines) < most {
			lines = append(lines, plain.Cut(plain.Line(e.What+": "+e.Says), o.width()))
		}
	}
	return lines
}

// chosen says which things there is room for, and how many lines are spare then:
// the first cause, then the first that is unexplained, the other causes, and the
// rest. A line is kept for how many are left out.
func chosen(all []thing, room int) (shown []bool, spare int) {
	shown = make([]bool, len(all))
	count, causes, others := 0, 0, 0
	take := func(kind kind, most int) {
		for i, t := range all {
			full := kind != unexplained && causes == firstCauses || kind == unexplained && others == firstUnexplained
			if shown[i] || t.kind != kind || most == 0 || full {
				continue
			}
			most--
			kept := 1
			if count+1 == len(all) {
				kept = 0
			}
			if t.least()+kept > room {
				continue
			}
			shown[i], room, count = true, room-t.least(), count+1
			if kind == unexplained {
				others++
			} else {
				causes++
			}
		}
	}
	take(failing, 1)
	take(unexplained, 1)
	for _, k := range []kind{failing, unexplained, warning} {
		take(k, len(all))
	}
	if count < len(all) {
		room--
	}
	return shown, room
}

// more says how many things are not shown; empty where all are.
func more(all []thing, shown []bool) string {
	var of [3]struct{ shown, left int }
	for i, t := range all {
		if shown[i] {
			of[t.kind].shown++
		} else {
			of[t.kind].left++
		}
	}
	what := "cause"
	if len(all) > 0 && all[0].check {
		what = "check"
	}
	if of[failing].shown+of[warning].shown > 0 {
		what = "more " + what
	}
	var parts []string
	if n := of[failing].left + of[warning].left; n > 0 {
		parts = append(parts, figures.Count(n, what))
	}
	if w := of[warning].left; w > 0 && len(parts) > 0 {
		parts[0] += fmt.Sprintf(" (%d only a warning)", w)
	}
	if n := of[unexplained].left; n > 0 && of[unexplained].shown > 0 {
		parts = append(parts, fmt.Sprintf("%d more unexplained", n))
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%d unexplained", n))
	}
	if len(parts) == 0 {
		return ""
	}
	return "And " + strings.Join(parts, ", ") + ", in the report."
}

// things are the causes, and then what none explains; where there is neither, the
// checks that did not hold.
func things(r *report.Report) []thing {
	var out []thing
	for _, c := range r.Ranked() {
		out = append(out, causeThing(c))
	}
	for _, u := range r.Unexplained {
		out = append(out, unexplainedThing(r, u))
	}
	for _, want := range []check.Verdict{check.Fail, check.Unknown, check.Warn} {
		if len(out) == 0 {
			out = loose(r, want)
		}
	}
	return out
}

// loose are the checks with a verdict; those that say the same are one thing.
func loose(r *report.Report, want check.Verdict) []thing {
	var out []thing
	at, more := map[string]int{}, map[string]int{}
	for _, c := range r.Checks {
		if c.Verdict != want || c.Accepted {
			continue
		}
		says := c.Why
		if findings := c.Judged(); len(findings) > 0 {
			says = findings[0].Says
		}
		if i, ok := at[says]; ok {
			more[says]++
			out[i].subject = strings.SplitN(out[i].subject, " ", 2)[0] + fmt.Sprintf(" and %d more", more[says])
			continue
		}
		at[says] = len(out)
		out = append(out, thing{
			check: true, subject: c.ID, says: says, watched: watched(r.TraceOf(c)), step: report.FirstStep(r.RemediesOf(c)),
		})
	}
	return out
}
