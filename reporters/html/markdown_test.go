package html

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/diagnose/pages"
)

func TestMarkdownBecomesPlainMarkup(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"the head is left out, and the others stand below a cause", "# id\n\n## How\n### In short", "<h5>How</h5>\n<h6>In short</h6>\n"},
		{"lines of a paragraph belong together", "one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"},
		{"a list follows a paragraph, and its items go on below", "such:\n- one\n  two\n- three\n\nend", "<p>such:</p>\n<ul>\n<li>one\ntwo</li>\n<li>three</li>\n</ul>\n<p>end</p>\n"},
		{"a list with numbers", "1. one\n2. two", "<ol>\n<li>one</li>\n<li>two</li>\n</ol>\n"},
		{"code keeps its lines to the letter", "```\na  **b**\n\n# c <d>\n```\ne", "<pre><code>a  **b**\n\n# c &lt;d&gt;</code></pre>\n<p>e</p>\n"},
		{"code and bold", "**no `x` in** `**a**`", "<p><b>no <code>x</code> in</b> <code>**a**</code></p>\n"},
		{"what is not closed is text", "a `b **c", "<p>a `b **c</p>\n"},
		{"a table", "| A | B |\n|---|---|\n| `a` | b |", "<table>\n<tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr>\n<tr><td><code>a</code></td><td>b</td></tr>\n</table>\n"},
		{"markup stays text", "<b>`<script>`**<i>**\n- <img src=x onerror=y>", "<p>&lt;b&gt;<code>&lt;script&gt;</code><b>&lt;i&gt;</b></p>\n<ul>\n<li>&lt;img src=x onerror=y&gt;</li>\n</ul>\n"},
		{"a block of code that never ends ends with the page", "```\na", "<pre><code>a</code></pre>\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(markdown(tc.text)); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestEveryExplanationPageIsRenderedWhole(t *testing.T) {
	for _, id := range pages.IDs() {
		got := string(explanation(id))
		if !strings.Contains(got, "<h5>") || strings.Contains(got, "**") || strings.Contains(got, "```") || strings.Contains(got, "<p>|") {
			t.Errorf("%s:\n%s", id, got)
		}
	}
	if got := explanation("no such cause"); got != "" {
		t.Errorf("out of nothing came %q", got)
	}
}
