package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	// closingLines is the size of the block: it fits on the smallest screen.
	closingLines = 15
	// firstCauses is how many causes the closing block shows.
	firstCauses = 3
	// firstUnexplained is how many failures without a cause it shows.
	firstUnexplained = 2
	// verdictLines is how many lines the verdict may take.
	verdictLines = 2
)

// Closing writes the last block of a run, at most 15 lines: the verdict, counts
// and coverage, the first three causes each with what to run, what no cause
// explains, how many more there are, where the report is, and the exit status. paths are the files written; the one for people first.
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
		out += fmt.Sprintf("; %d of them accepted", c.Accepted)
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

func where(paths []string) string {
	out := "Report: " + plain.Line(paths[0])
	if len(paths) > 1 {
		out += fmt.Sprintf(" (and %s beside it)", figures.Count(len(paths)-1, "file"))
	}
	return out
}
