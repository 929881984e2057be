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
// neither, the first checks that did not hold; in at most room lines. What only
// warns gets what the others leave.
func firstThings(r *report.Report, o Options, room int) []string {
	lines := troubles(r, o)
	all := things(r)
	b := block{Options: o, all: all, shown: make([]bool, len(all)), said: make([][]string, len(all)), room: room - len(lines)}
	b.fill(failing, unexplained)
	b.fill(warning)
	lines = append(lines, slices.Concat(b.said...)...)
	if left := more(b.all, b.shown); left != "" {
		lines = append(lines, plain.Cut(left, o.width()))
	} else if b.room > 0 && len(r.Causes) > 0 {
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

// block is the part of the closing block that says what is wrong.
type block struct {
	Options
	all   []thing
	shown []bool
	said  [][]string
	// room is the number of lines that are left, number that of the last cause.
	room, number int
}

// fill shows things of these kinds: the first of each, and then the others, as many
// as there is room for. What they do not need, the first may use to say all they
// have to say.
func (b *block) fill(kinds ...kind) {
	spare := b.room
	for _, k := range kinds {
		spare -= b.choose(k, 1, spare)
	}
	for _, k := range kinds {
		spare -= b.choose(k, len(b.all), spare)
	}
	spare -= b.kept(0)
	for _, k := range kinds {
		for i, t := range b.all {
			if !b.shown[i] || t.kind != k {
				continue
			}
			if k != unexplained {
				b.number++
			}
			b.said[i] = t.lines(b.number, b.Options, t.least()+spare)
			spare -= len(b.said[i]) - t.least()
			b.room -= len(b.said[i])
		}
	}
}

// choose marks at most so many more things of a kind, and gives the lines they need.
func (b *block) choose(k kind, most, room int) (used int) {
	for i, t := range b.all {
		full := b.chosen(failing)+b.chosen(warning) == firstCauses
		if k == unexplained {
			full = b.chosen(unexplained) == firstUnexplained
		}
		if b.shown[i] || t.kind != k || full || most == 0 || used+t.least()+b.kept(1) > room {
			continue
		}
		b.shown[i] = true
		used += t.least()
		most--
	}
	return used
}

// chosen counts what is shown of a kind.
func (b *block) chosen(k kind) int {
	n := 0
	for i, t := range b.all {
		if b.shown[i] && t.kind == k {
			n++
		}
	}
	return n
}

// kept is the line for how many are left out, after so many more are shown.
func (b *block) kept(next int) int {
	if b.chosen(failing)+b.chosen(unexplained)+b.chosen(warning)+next < len(b.all) {
		return 1
	}
	return 0
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
	switch w := of[warning].left; {
	case w == 0:
	case of[failing].left > 0:
		parts[0] += fmt.Sprintf(" (%d only a warning)", w)
	case w == 1:
		parts[0] += " that only warns"
	default:
		parts[0] += " that only warn"
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
		if !r.Excepted(c) {
			out = append(out, causeThing(c))
		}
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
		t := thing{check: true, subject: c.ID, says: says, step: report.FirstStep(r.RemediesOf(c))}
		t.watched, t.captured = watched(r.TraceOf(c))
		out = append(out, t)
	}
	return out
}
