package suites_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/suites"
)

// TestThePageOfChecksIsCurrent: docs/checks.md is made from the list, never by hand.
func TestThePageOfChecksIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The checks\n\n" +
		"Made from `suites.All()` by `go test ./suites -update`; do not edit. Each id leads to the page that says what the check means,\n" +
		"why it matters and how to fix what it finds; `plumbline explain ID` prints the same page.\n\n" +
		"Level **core** must hold on every conformant cluster; **extended** is a warning unless it breaks traffic; **opt-in** needs configuration.\n")
	area := ""
	for _, c := range suites.All() {
		if c.Area() != area {
			area = c.Area()
			fmt.Fprintf(&b, "\n## %s\n\n| Check | Promise | Level | Needs |\n|---|---|---|---|\n", area)
		}
		var needs []string
		for _, n := range c.Needs {
			needs = append(needs, string(n))
		}
		dir, name := stem(c.ID)
		fmt.Fprintf(&b, "| [%s](../suites/%s/%s.md) | %s | %s | %s |\n", c.ID, dir, name, c.Promise, c.Level, strings.Join(needs, ", "))
	}
	golden.File(t, filepath.Join("..", "docs", "checks.md"), []byte(b.String()), *update)
}
