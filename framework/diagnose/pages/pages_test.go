package pages_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/diagnose/pages"
	"github.com/plumbline-net/plumbline/framework/golden"
)

var update = flag.Bool("update", false, "write docs/causes.md")

func TestEveryCauseHasAPageAndEveryPageACause(t *testing.T) {
	causes := diagnose.IDs()
	if len(causes) == 0 {
		t.Fatal("diagnose knows no cause")
	}
	for _, id := range causes {
		if _, ok := pages.Of(id); !ok {
			t.Errorf("the cause %s has no page: write framework/diagnose/pages/%s.md", id, id)
		}
	}
	for _, id := range pages.IDs() {
		if !slices.Contains(causes, id) {
			t.Errorf("%s.md explains a cause that diagnose does not know", id)
		}
	}
}

// sections are the questions that every page answers, in this order.
var sections = []string{
	"Why these pairs die and those live", "How it is known", "The repair", "How to make it last", "How to check it",
	"What else looks like it", "References",
}

func TestAPageAnswersAllQuestionsAndFitsAScreen(t *testing.T) {
	const lines, width = 50, 150
	for _, id := range pages.IDs() {
		text, _ := pages.Of(id)
		all := strings.Split(strings.TrimRight(text, "\n"), "\n")
		var heads []string
		for n, line := range all {
			if head, ok := strings.CutPrefix(line, "## "); ok {
				heads = append(heads, head)
			}
			if len([]rune(line)) > width {
				t.Errorf("%s.md:%d is %d letters wide, %d are allowed", id, n+1, len([]rune(line)), width)
			}
		}
		if all[0] != "# "+id {
			t.Errorf("%s.md begins with %q", id, all[0])
		}
		if claim := pages.Claim(id); claim == "" || !strings.HasSuffix(claim, ".") || all[2] != "**"+claim+"**" {
			t.Errorf("%s.md: its third line has to be what it claims, in bold: %q", id, all[2])
		}
		if !slices.Equal(heads, sections) {
			t.Errorf("%s.md has the sections %q", id, heads)
		}
		if len(all) > lines {
			t.Errorf("%s.md has %d lines, %d are allowed", id, len(all), lines)
		}
	}
}

// named matches what a page sets as code and looks like a check: `area/name`.
var named = regexp.MustCompile("`([a-z]+/[a-z-]+)`")

func TestPagesNameOnlyWhatThereIs(t *testing.T) {
	checks, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, id := range pages.IDs() {
		text, _ := pages.Of(id)
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			area, _, _ := strings.Cut(m[1], "/")
			if !strings.Contains(string(checks), "\n## "+area+"\n") {
				continue // a file, an image: no area of checks
			}
			found++
			if !strings.Contains(string(checks), "["+m[1]+"](") {
				t.Errorf("%s.md names the check %s, which does not exist", id, m[1])
			}
		}
		for _, m := range compared.FindAllStringSubmatch(text, -1) {
			if _, ok := pages.Of(m[1]); !ok {
				t.Errorf("%s.md sends the reader to the cause %s, which has no page", id, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no page names a check: the test looks for the wrong thing")
	}
}

// compared matches a cause that a page sets in bold: others to compare with.
var compared = regexp.MustCompile(`\*\*([a-z0-9]+(?:-[a-z0-9]+)*)\*\*`)

func TestThereIsNoPageOfAnythingElse(t *testing.T) {
	for _, id := range []string{"", "no-such-cause", "../ids", "NO-FORWARDING"} {
		if text, ok := pages.Of(id); ok || text != "" || pages.Claim(id) != "" {
			t.Errorf("%q has a page", id)
		}
	}
}

// TestTheIndexIsCurrent: docs/causes.md is made from the pages, never by hand.
func TestTheIndexIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The causes\n\n" +
		"Made from `framework/diagnose/pages` by `go test ./framework/diagnose/pages -update`; do not edit. A cause stands behind findings of\n" +
		"several checks. Each id leads to its page: which pairs die and which live, how it is known, what repairs it, what else looks like\n" +
		"it. `plumbline explain ID` prints the same page, `plumbline list --causes` this list.\n\n" +
		"| Cause | What it claims |\n|---|---|\n")
	for _, id := range pages.IDs() {
		fmt.Fprintf(&b, "| [%s](../framework/diagnose/pages/%s.md) | %s |\n", id, id, pages.Claim(id))
	}
	golden.File(t, filepath.Join("..", "..", "..", "docs", "causes.md"), []byte(b.String()), *update)
}
