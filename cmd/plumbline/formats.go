package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// formats are all renderings: those that every run writes, and the one for a terminal.
func formats(cases junit.Options) []reporters.Format {
	return append(reporters.Formats(cases), reporters.Format{
		Name:  "text",
		Write: func(w io.Writer, r *report.Report) error { return text.Full(w, r, terminal(w)) },
	})
}

func formatNames() string {
	var names []string
	for _, f := range formats(junit.Options{}) {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

const perNodeFlag = "junit-per-node"

// registerCases is a choice of rendering: it stands in no report.
func registerCases(c *cobra.Command, cases *junit.Options) {
	c.Flags().BoolVar(&cases.PerNode, perNodeFlag, false, "JUnit has a case for each check and node, instead of one for each check")
}
