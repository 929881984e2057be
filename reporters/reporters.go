// Package reporters writes every report of a run into one folder.
package reporters

import (
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

// WriteAll writes report.html, report.json and junit_plumbline.xml into dir, which
// is made where it is missing, each file whole or not at all. It gives the paths
// that were written, the one for people first; where one fails the others are
// written all the same, and the first error is returned beside their paths.
func WriteAll(dir string, r *report.Report) ([]string, error) {
	var paths []string
	var first error
	for _, file := range []struct {
		name  string
		write func(io.Writer, *report.Report) error
	}{{HTMLFile, html.Write}, {ReportFile, report.Write}, {JUnitFile, junit.Write}} {
		path := filepath.Join(dir, file.name)
		err := output.WriteFile(path, func(w io.Writer) error { return file.write(w, r) })
		switch {
		case err == nil:
			paths = append(paths, path)
		case first == nil:
			first = fmt.Errorf("writing the reports: %w", err)
		}
	}
	return paths, first
}
