package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/check"
	specs "github.com/plumbline-net/plumbline/framework/run"
)

func quoted(s string) string { return strconv.Quote(s) }

func newList(streams genericiooptions.IOStreams) *cobra.Command {
	var format string
	var ofCauses bool
	c := &cobra.Command{
		Use: "list", Short: "List every check with its level, its profile, what it needs, and its promise; or every cause",
		Long: "List every check: a line each with its id, its level, the smallest profile that it is in,\n" +
			"what it cannot do without (api: reading the API server is enough), and its promise.\n" +
			"With --causes, every cause that a run can name, and what it claims.", Args: exactly(0, "no argument"),
		Example: "  plumbline list\n  plumbline list --causes",
		RunE: func(*cobra.Command, []string) error {
			switch {
			case format == "" && ofCauses:
				return causeTable(streams.Out)
			case format == "":
				return listTable(streams.Out, allChecks())
			case format == "json" && ofCauses:
				return causeJSON(streams.Out)
			case format == "json":
				return listJSON(streams.Out, allChecks())
			}
			return usagef("-o %s is not known here; json is, and nothing for a table", quoted(format))
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json, or nothing for a table")
	c.Flags().BoolVar(&ofCauses, "causes", false, "causes in place of checks")
	return c
}

func listTable(w io.Writer, checks []check.Check) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHECK\tLEVEL\tPROFILE\tNEEDS\tPROMISE")
	for _, c := range checks {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.ID, c.Level, specs.Profiles(c)[0], needsOf(c), c.Promise)
	}
	return table.Flush()
}

// needsOf names what a check cannot do without; every check reads the API server.
func needsOf(c check.Check) string {
	var out []string
	for _, n := range c.Needs {
		if n != check.NeedAPI {
			out = append(out, string(n))
		}
	}
	return cmp.Or(strings.Join(out, ","), string(check.NeedAPI))
}

func listJSON(w io.Writer, checks []check.Check) error {
	type item struct {
		ID      string       `json:"id"`
		Area    string       `json:"area"`
		Level   check.Level  `json:"level"`
		Labels  []string     `json:"labels"`
		Promise string       `json:"promise"`
		Needs   []check.Need `json:"needs"`
		// Profiles the check is in.
		Profiles []string `json:"profiles"`
	}
	items := []item{}
	for _, c := range checks {
		needs := c.Needs
		if needs == nil {
			needs = []check.Need{}
		}
		items = append(items, item{c.ID, c.Area(), c.Level, []string{c.Area(), string(c.Level), specs.Label(c.ID)}, c.Promise, needs, specs.Profiles(c)})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(items)
}
