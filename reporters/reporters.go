// Package reporters writes every report of a run into one folder.
package reporters

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/plumbline-net/plumbline/reporters/html"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/output"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// The names of the files in a run's folder.
const (
	FactsFile  = "facts.json"
	ReportFile = "report.json"
	JUnitFile  = "junit_plumbline.xml"
	HTMLFile   = "report.html"
)

// Format is one rendering of a report.
type Format struct {
	Name string // how it is asked for
	File string // its file in a run's folder; "" where a run does not write it
	// Write gives the same bytes for the same report.
	Write func(io.Writer, *report.Report) error
}

// Formats are the renderings that every run writes, the one for people first.
func Formats(cases junit.Options) []Format {
	return []Format{
		{"html", HTMLFile, html.Write},
		{"json", ReportFile, report.Write},
		{"junit", JUnitFile, cases.Write},
	}
}

// WriteAll writes report.html, report.json and junit_plumbline.xml into dir, which
// is made where it is missing, each file whole or not at all. It gives the paths
// that were written, the one for people first; where one fails the others are
// written all the same, and what went wrong is returned beside their paths.
func WriteAll(dir string, r *report.Report, cases junit.Options) ([]string, error) {
	var paths []string
	var problems []error
	for _, f := range Formats(cases) {
		path := filepath.Join(dir, f.File)
		if err := output.WriteFile(path, func(w io.Writer) error { return f.Write(w, r) }); err != nil {
			problems = append(problems, fmt.Errorf("writing the reports: %w", err))
			continue
		}
		paths = append(paths, path)
	}
	return paths, errors.Join(problems...)
}
