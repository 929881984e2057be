package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose/pages"
	specs "github.com/plumbline-net/plumbline/framework/run"
)

func newExplain(streams genericiooptions.IOStreams) *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "What a check or a cause means, how it is known, how to repair", Args: exactly(1, "the id of a check or a cause"),
		Long: "Print the page of a check (kernel/ip-forward) or of a cause (no-forwarding): what it means, how it\n" +
			"is known, what repairs it. Reports name both; `plumbline list` and `plumbline list --causes` show all.",
		Example: "  plumbline explain no-forwarding\n  plumbline explain kernel/ip-forward",
		RunE: func(_ *cobra.Command, args []string) error {
			return explain(streams.Out, args[0])
		},
	}
}

func explain(w io.Writer, id string) error {
	page, err := pageOf(id)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, page)
	return err
}

// pageOf is the page of a cause or a check, as text.
func pageOf(id string) (string, error) {
	if page, ok := pages.Of(id); ok {
		return strings.TrimSpace(page), nil
	}
	all := allChecks()
	i := slices.IndexFunc(all, func(c check.Check) bool { return c.ID == id })
	if i < 0 {
		return "", noSuchPage(id, all)
	}
	doc := cmp.Or(strings.TrimSpace(all[i].Doc), "There is no page for this check yet.")
	return fmt.Sprintf("%s (%s)\n%s\n\n%s", all[i].ID, all[i].Level, all[i].Promise, doc), nil
}

// noSuchPage tells a mistyped check from a mistyped cause by the slash, and looks
// for what was meant among both.
func noSuchPage(id string, checks []check.Check) error {
	kind, hint := "cause", "`plumbline list --causes` shows all causes, `plumbline list` all checks"
	if strings.Contains(id, "/") {
		kind, hint = "check", "`plumbline list` shows all checks, `plumbline list --causes` all causes"
	}
	known := slices.Clone(checks)
	for _, cause := range pages.IDs() {
		known = append(known, check.Check{ID: cause})
	}
	return usageError{says: fmt.Sprintf("no %s is called %s%s", kind, quoted(id), specs.DidYouMean(id, known)), hint: hint}
}

func causeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CAUSE\tCLAIM")
	for _, id := range pages.IDs() {
		fmt.Fprintf(table, "%s\t%s\n", id, pages.Claim(id))
	}
	return table.Flush()
}

func causeJSON(w io.Writer) error {
	type item struct {
		ID    string `json:"id"`
		Claim string `json:"claim"`
	}
	items := []item{}
	for _, id := range pages.IDs() {
		items = append(items, item{id, pages.Claim(id)})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(items)
}
