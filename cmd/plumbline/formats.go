package main

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/html"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// The files of a run.
const (
	factsFile  = "facts.json"
	reportFile = "report.json"
	junitFile  = "junit_plumbline.xml"
	htmlFile   = "report.html"
)

// format is one rendering of a report; those with a file are written by every run.
type format struct {
	name, file string
	write      func(io.Writer, *report.Report) error
}

// formats are all renderings; the file for people comes first among the files.
func formats() []format {
	return []format{
		{"html", htmlFile, html.Write},
		{"json", reportFile, report.Write},
		{"junit", junitFile, junit.Write},
		{"text", "", func(w io.Writer, r *report.Report) error { return text.Full(w, r, terminal(w)) }},
	}
}

func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// closing is the last block of a run: the verdict, the first causes with their
// repair, and where the reports are.
func closing(w io.Writer, r *report.Report, dir string) error {
	var paths []string
	for _, f := range formats() {
		if f.file != "" {
			paths = append(paths, filepath.Join(dir, f.file))
		}
	}
	return text.Closing(w, r, append(paths, factsPath(dir)), terminal(w))
}
