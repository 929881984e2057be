package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/report"
)

// formats are all renderings of a report; those with a file are written by every run.
func formats() []format {
	return []format{
		{"json", reportFile, report.Write},
		{"text", "", func(w io.Writer, r *report.Report) error { return closing(w, r, "") }},
	}
}

func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// closing is the last block of a run: verdict, counts, the first causes with
// their repair, and where the reports are.
func closing(w io.Writer, r *report.Report, dir string) error {
	const shown = 3
	lines := []string{r.Sentence, fmt.Sprintf("%d passed, %d failed, %d warnings, %d unknown, %d skipped",
		r.Counts.Pass, r.Counts.Fail, r.Counts.Warn, r.Counts.Unknown, r.Counts.Skip)}
	for i, c := range r.Causes {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more causes", len(r.Causes)-i))
			break
		}
		lines = append(lines, "cause: "+c.Says)
		if len(c.Remedy) > 0 {
			lines = append(lines, strings.TrimRight("  fix: "+c.Remedy[0].Text+": "+c.Remedy[0].Command, ": "))
		}
	}
	if dir != "" {
		lines = append(lines, "reports: "+dir)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
