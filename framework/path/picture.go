package path

import (
	"fmt"
	"strings"
)

// Picture is the path as an SVG file of its own: the drawing on a white ground, with
// the title above and the verdict, its reasons and the notes below.
func Picture(p Path) string {
	d := drawing{y: 28, missing: ` color="#b3261e"`}
	fmt.Fprintf(&d.body, `<text x="%d" y="%d" font-size="16" font-weight="bold">%s</text>`, sideMargin, d.y, escape(p.Title))
	d.width = sideMargin + len(p.Title)*10
	d.y += 2 * rowStep
	for _, l := range []Lane{p.Request, p.Answer} {
		if len(l.Hops) > 0 {
			d.lane(l, p.Verdict)
		}
	}
	words := []string{mark(p.Verdict) + " " + p.Verdict.Says + "."}
	for _, n := range p.Verdict.Notes {
		words = append(words, "· "+n)
	}
	for i, w := range words {
		for _, line := range wrap(w, "  ") {
			weight := ""
			if i == 0 {
				weight = ` font-weight="bold"`
			}
			fmt.Fprintf(&d.body, `<text x="%d" y="%d"%s xml:space="preserve">%s</text>`, sideMargin, d.y, weight, escape(line))
			d.width = max(d.width, sideMargin+len([]rune(line))*8)
			d.y += rowStep
		}
	}
	width := max(d.width, 640) + sideMargin
	size := fmt.Sprintf(`width="%d" height="%d" color="#1a1a1a"`, width, d.y)
	ground := fmt.Sprintf(`<rect width="%d" height="%d" fill="#ffffff"/>`, width, d.y)
	return strings.TrimSpace(d.finished(p, size, ground)) + "\n"
}
