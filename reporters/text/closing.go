package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	// closingLines is the size of the block: it fits on the smallest screen.
	closingLines = 15
	// firstCauses is how many causes the closing block shows, three lines each at least.
	firstCauses = 3
	thingLines  = 3
	// verdictLines is how many lines the verdict may take.
	verdictLines = 2
)

// Closing writes the last block of a run, at most 15 lines: the verdict, counts
// and coverage, the first three causes each with what to run, where the report
// is, and the exit status. paths are the files written; the one for people first.
func Closing(w io.Writer, r *report.Report, paths []string, o Options) error {
	lines := verdict(r, o)
	lines = append(lines, plain.Cut(counts(r), o.width()), plain.Cut(coverage(r), o.width()))
	// Below come the report's place and the exit status.
	lines = append(lines, firstThings(r, o, closingLines-2-len(lines))...)
	if len(paths) > 0 {
		lines = append(lines, where(paths))
	}
	lines = append(lines, fmt.Sprintf("Exit status %d.", r.ExitStatus))
	return write(w, lines)
}

func write(w io.Writer, lines []string) error {
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return fmt.Errorf("writing text: %w", err)
	}
	return nil
}

func verdict(r *report.Report, o Options) []string {
	lines := wrap(r.Sentence, o.width(), "")
	lines = atMost(lines, verdictLines, o)
	for i := range lines {
		lines[i] = o.paint(verdictColour(r.Verdict), lines[i])
	}
	return lines
}

func counts(r *report.Report) string {
	c := r.Counts
	out := fmt.Sprintf("%s: %d pass, %d fail, %d warn, %d unknown, %d skip",
		figures.Count(len(r.Checks), "check"), c.Pass, c.Fail, c.Warn, c.Unknown, c.Skip)
	if c.Accepted > 0 {
		out += fmt.Sprintf("; %d of the failures accepted", c.Accepted)
	}
	if r.Run.Profile != "" {
		out += "; profile " + r.Run.Profile
	}
	return out + "."
}

// coverage adds the kinds up; the report has them one by one.
func coverage(r *report.Report) string {
	answered, asked := r.Pairs()
	out := fmt.Sprintf("%d of %s tested, %s of %s pairs answered", r.Tested(), figures.Count(len(r.Nodes), "node"), figures.Grouped(answered), figures.Grouped(asked))
	if n := len(r.NotChecked); n > 0 {
		out += "; " + figures.Count(n, "thing") + " not checked"
	}
	return fmt.Sprintf("%s; took %d.%d s.", out, r.Run.Millis/1000, r.Run.Millis%1000/100)
}

// firstThings are the first causes, or where there is none, the first checks
// that did not hold.
func firstThings(r *report.Report, o Options, room int) []string {
	var lines []string
	if r.Run.Incomplete != "" && len(r.Causes) == 0 {
		lines = append(lines, plain.Cut("Incomplete: "+plain.Line(r.Run.Incomplete), o.width()))
	}
	for _, e := range r.Run.Problems {
		if len(r.Causes) == 0 && len(lines) < 2 {
			lines = append(lines, plain.Cut(plain.Line(e.What+": "+e.Says), o.width()))
		}
	}
	all := things(r)
	all = all[:min(len(all), firstCauses)]
	for i, t := range all {
		left := room - len(lines)
		if left < thingLines {
			break
		}
		// What the others do not need, this one may use to say all it has to say.
		spare := max(0, left-thingLines*(len(all)-i))
		lines = append(lines, t.lines(i+1, o, 1+spare)...)
	}
	return lines
}

// thing is what is wrong and what to do about it.
type thing struct {
	subject, says string
	// watched is what was seen of a flow that was sent again; empty where none was.
	watched string
	remedy  []check.Remedy
}

func things(r *report.Report) []thing {
	var out []thing
	for _, c := range r.Causes {
		subject := plain.Line(strings.Join(c.Nodes, ", "))
		// A long list of nodes is shortened in what the cause says.
		if strings.Contains(c.Says, subject) || strings.Contains(c.Says, plain.Line(c.Nodes[0])) {
			subject = ""
		}
		out = append(out, thing{subject, c.Says, watched(c.Trace), c.Remedy})
	}
	for _, want := range []check.Verdict{check.Fail, check.Unknown, check.Warn} {
		if len(out) == 0 {
			out = unexplained(r, want)
		}
	}
	return out
}

// unexplained are the checks with a verdict; those that say the same are one thing.
func unexplained(r *report.Report, want check.Verdict) []thing {
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
		out = append(out, thing{c.ID, says, watched(r.TraceOf(c)), r.RemediesOf(c)})
	}
	return out
}

// lines are what is wrong, in at most so many lines, what to do about it, and the
// command.
func (t thing) lines(n int, o Options, most int) []string {
	first := plain.Line(t.says)
	if t.subject != "" {
		first = t.subject + ": " + first
	}
	lines := wrap(fmt.Sprintf("%d. %s", n, first), o.width(), "   ")
	seen := t.seen(o, most-1)
	lines = append(atMost(lines, most-len(seen), o), seen...)
	if len(t.remedy) == 0 {
		return lines
	}
	step := t.remedy[0]
	for _, s := range t.remedy {
		if s.Command != "" {
			step = s
			break
		}
	}
	lines = append(lines, plain.Cut("   Fix "+at(step)+": "+plain.Line(step.Text), o.width()))
	if step.Command == "" {
		return lines
	}
	return append(lines, "     "+command(step))
}

// seen is what was watched, in at most so many lines and no more than two.
func (t thing) seen(o Options, most int) []string {
	const seenLines = 2
	if t.watched == "" || most < 1 {
		return nil
	}
	lines := wrap(plain.Line(t.watched), o.width()-3, "  ")
	for i := range lines {
		lines[i] = "   " + lines[i]
	}
	return atMost(lines, min(most, seenLines), o)
}

// atMost cuts lines, and marks the last.
func atMost(lines []string, most int, o Options) []string {
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] = plain.Cut(lines[most-1]+" …", o.width())
	}
	return lines
}

// watched names the first capture and says what was seen.
func watched(t *report.TraceNote) string {
	switch {
	case t == nil:
		return ""
	case t.Outcome == path.Unknown:
		return "Not seen: " + t.Says
	case len(t.Files) == 0:
		return "Seen: " + t.Says
	case len(t.Files) == 1:
		return fmt.Sprintf("Seen: %s (%s)", t.Says, t.Files[0])
	}
	return fmt.Sprintf("Seen: %s (%s and %d more)", t.Says, t.Files[0], len(t.Files)-1)
}

func at(step check.Remedy) string {
	if step.Node == "" {
		return "where kubectl works"
	}
	return "on " + plain.Line(step.Node)
}

// command is never cut: it is there to be pasted. Several lines become one, so
// that the block keeps its size.
func command(step check.Remedy) string {
	return strings.ReplaceAll(strings.TrimSpace(plain.Text(step.Command)), "\n", "; ")
}

func where(paths []string) string {
	out := "Report: " + plain.Line(paths[0])
	if len(paths) > 1 {
		out += fmt.Sprintf(" (and %s beside it)", figures.Count(len(paths)-1, "file"))
	}
	return out
}
