// Package pages holds the explanation of each cause: what it claims, which pairs
// it breaks and which it leaves alone, how it is known, and what repairs it. It
// knows nothing of the module, so that reports can carry the pages, too.
package pages

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.md
var files embed.FS

const ending = ".md"

// Of gives the page of a cause as Markdown, which begins with "# ID"; false where
// there is none.
func Of(id string) (string, bool) {
	text, err := files.ReadFile(id + ending)
	return string(text), err == nil
}

// IDs are the causes that have a page, sorted.
func IDs() []string {
	names, err := fs.Glob(files, "*"+ending)
	if err != nil {
		return nil // only a pattern that cannot be read is an error
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ending)
	}
	return names
}

// Claim is what a cause claims, as one sentence: the line in bold under the head
// of its page. Empty where there is no page.
func Claim(id string) string {
	text, _ := Of(id)
	for line := range strings.Lines(text) {
		if claim, ok := strings.CutPrefix(strings.TrimSpace(line), "**"); ok {
			return strings.TrimSuffix(claim, "**")
		}
	}
	return ""
}
