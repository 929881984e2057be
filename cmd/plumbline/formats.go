package main

import (
	"io"
	"strings"

	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// formats are all renderings: those that every run writes, and the one for a terminal.
func formats() []reporters.Format {
	return append(reporters.Formats(), reporters.Format{
		Name:  "text",
		Write: func(w io.Writer, r *report.Report) error { return text.Full(w, r, terminal(w)) },
	})
}

func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
