package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// thing is what is wrong and what to do about it.
type thing struct {
	kind kind
	// check: it is a check that did not hold, for want of causes.
	check         bool
	subject, says string
	// long and short say how well it is founded, or for want of that long says who
	// found it; weak is founded so badly that one of them must be said.
	long, short string
	weak        bool
	// watched is what was seen of a flow that was sent again, and captured how that may
	// be said of its captures; empty where none was.
	watched  string
	captured []string
	// step is the one to take; nil where none is known.
	step *check.Remedy
}

type kind int

const (
	failing kind = iota
	unexplained
	warning
)

func causeThing(c report.Cause) thing {
	t := thing{says: c.Says, step: report.FirstStep(c.Remedy), weak: c.Weak()}
	t.watched, t.captured = watched(c.Trace)
	t.long, t.short = founded(c)
	subject := plain.Line(strings.Join(c.Nodes, ", "))
	// A long list of nodes is shortened in what the cause says.
	if !strings.Contains(c.Says, subject) && !strings.Contains(c.Says, plain.Line(c.Nodes[0])) {
		t.subject = subject
	}
	if c.OnlyWarns() {
		t.kind, t.says = warning, "Only a warning: "+t.says
	}
	return t
}

// founded says how well a cause is founded, with the reason and without.
func founded(c report.Cause) (long, short string) {
	short = map[report.Certainty]string{
		report.Proved: "proved", report.Configured: "follows from configuration",
		report.Fits: "fits the pattern", report.FitsPartly: "fits only in part",
	}[c.Certainty]
	why := c.Grounds
	if speaking := c.Speaking(); c.Weak() && len(speaking) > 0 && speaking[0].Says == c.Against[0] {
		why = c.Against[0] // not what it only leaves open
	}
	if short == "" || why == "" {
		return short, short
	}
	return short + ": " + plain.Line(why), short
}

func unexplainedThing(r *report.Report, u report.Unexplained) thing {
	says := u.Says
	if u.Pattern != "" {
		says = figures.Count(u.Pairs, "pair") + ": " + u.Pattern
	}
	const checks = 2
	t := thing{
		kind: unexplained, says: "Unexplained: " + says, long: named(u.Checks, checks),
		step: report.FirstStep(r.RemediesOfUnexplained(u)),
	}
	t.watched, t.captured = watched(r.TraceOfUnexplained(u))
	return t
}

// named are the first of a list, and how many there are beside them.
func named(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// least is the number of lines it takes at least: a cause is nothing without what
// to do about it.
func (t thing) least() int {
	if t.kind == unexplained {
		return 1
	}
	return 1 + len(t.fix(Options{}, 1))
}

// lines are what is wrong and how well that is founded, what was watched, what to
// do about it, and the command; in at most so many lines. What is spare goes to what
// was watched first, then to the step, and to the reason of the certainty.
func (t thing) lines(n int, o Options, most int) []string {
	fix := t.fix(o, 1)
	if t.kind == unexplained && len(fix) >= most {
		fix = nil
	}
	room := most - len(fix)
	lead, indent := "", "   "
	if t.kind != unexplained {
		lead = fmt.Sprintf("%d. ", n)
	}
	text := plain.Line(t.says)
	if t.subject != "" {
		text = t.subject + ": " + text
	}
	text = lead + text
	said := t.noted(text, t.short, o, room)
	seen := t.seen(o, room-len(said))
	if spare := room - len(said) - len(seen); spare > 0 && fix != nil {
		longer := t.fix(o, fixLines)
		room, fix = room-(len(longer)-len(fix)), longer
	}
	if long := wrap(text+" ("+t.long+")", o.width(), indent); t.long != "" && len(long)+len(seen) <= room {
		said = long
	}
	return append(append(said, seen...), fix...)
}

// noted is the text with a note, in at most so many lines; where they have no room
// for both, the note is left out, or the text is cut where it must not be.
func (t thing) noted(text, note string, o Options, most int) []string {
	const indent = "   "
	if note != "" {
		note = " (" + plain.Line(note) + ")"
	}
	if lines := wrap(text+note, o.width(), indent); len(lines) <= most {
		return lines
	}
	if !t.weak {
		return atMost(wrap(text, o.width(), indent), most, o)
	}
	lines := wrap(text, o.width(), indent)
	lines = lines[:min(len(lines), most)]
	last := len(lines) - 1
	lines[last] = plain.Cut(lines[last]+" …", o.width()-utf8.RuneCountInString(note)) + note
	return lines
}

const (
	seenLines = 3 // that what was watched may take
	fixLines  = 2 // that the words of a step may take
)

// seen is what was watched, in at most so many lines; where the names of the captures
// have no room they are left to the report.
func (t thing) seen(o Options, most int) []string {
	if t.watched == "" || most < 1 {
		return nil
	}
	lines := indented(t.watched, o)
	for _, limit := range []int{len(lines), seenLines - 1} {
		for _, files := range t.captured {
			if with := indented(t.watched+" ("+files+")", o); len(with) <= min(most, limit) {
				return with
			}
		}
	}
	return atMost(lines, min(most, seenLines), o)
}

// indented are lines that belong to a numbered one.
func indented(s string, o Options) []string {
	lines := wrap(plain.Line(s), o.width()-3, "  ")
	for i := range lines {
		lines[i] = "   " + lines[i]
	}
	return lines
}

// fix is what to do about it, its words in at most so many lines, with the command
// on a line of its own.
func (t thing) fix(o Options, most int) []string {
	if t.step == nil {
		return nil
	}
	lead := map[check.Purpose]string{check.Find: "Look", check.Repair: "Fix", check.Last: "Make it last", check.Verify: "Check"}[t.step.Purpose]
	lines := indented(lead+" "+at(*t.step)+": "+plain.Line(t.step.Text), o)
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] = plain.Cut(strings.TrimRight(lines[most-1], ".,;:")+" …", o.width())
	}
	if t.step.Command != "" {
		lines = append(lines, "     "+command(*t.step))
	}
	return lines
}

// atMost cuts lines, and marks the last.
func atMost(lines []string, most int, o Options) []string {
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] = plain.Cut(lines[most-1]+" …", o.width())
	}
	return lines
}

// watched is what was seen of a flow that was sent again, and captured names the
// captures, the longest way first.
func watched(t *report.TraceNote) (watched string, captured []string) {
	switch {
	case t == nil:
		return "", nil
	case t.Outcome == path.Unknown:
		return "Not seen: " + t.Says, nil
	case len(t.Files) > 1:
		captured = append(captured, fmt.Sprintf("%s and %d more", t.Files[0], len(t.Files)-1))
	}
	if len(t.Files) > 0 {
		captured = append(captured, t.Files[0])
	}
	return "Seen: " + t.Says, captured
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
