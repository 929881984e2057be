package path

import (
	"fmt"
	"strings"
)

// Sizes in the drawing's own units; the page scales it.
const (
	boxWidth, boxHeight = 104, 34
	boxGap, nodeGap     = 18, 44
	sideMargin, rowStep = 14, 20
)

// SVG is the path as a drawing for the report: it draws with currentColor, so it
// reads on light and dark; classes (path-seen, path-missing, path-unreached,
// path-unwatched) let a style sheet colour it, marks and dashes tell the same without one. It has a
// title and a description, and no script, style or outside reference.
func SVG(p Path) string {
	d := drawing{y: 30}
	for _, l := range []Lane{p.Request, p.Answer} {
		if len(l.Hops) > 0 {
			d.lane(l, p.Verdict)
		}
	}
	return d.finished(p, `width="100%"`, "")
}

// finished is the whole SVG of what was drawn; size are its attributes, behind is what lies under it.
func (d *drawing) finished(p Path, size, behind string) string {
	width, height := max(d.width, 640)+sideMargin, d.y
	id := "path-" + idText(p.ID)
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" class="path" role="img" aria-labelledby="%s-title %s-desc" viewBox="0 0 %d %d" %s font-family="ui-monospace, monospace" font-size="13" fill="currentColor">`, id, id, width, height, size)
	fmt.Fprintf(&out, `<title id="%s-title">%s</title><desc id="%s-desc">%s</desc>`, id, escape(p.Title), id, escape(describe(p)))
	out.WriteString(behind)
	out.WriteString(d.body.String())
	out.WriteString("</svg>")
	return out.String()
}

// describe tells the drawing to those who do not see it.
func describe(p Path) string {
	words := []string{p.Verdict.Says + "."}
	for _, l := range []Lane{p.Request, p.Answer} {
		var hops []string
		for _, h := range l.Hops {
			state := "not watched"
			switch h.State {
			case Seen:
				state = "seen"
			case Missing:
				state = "not seen"
			case NotWatched:
			}
			hops = append(hops, fmt.Sprintf("%s %s %s", outsideOr(h.Node), h.label(), state))
		}
		if len(hops) > 0 {
			words = append(words, string(l.Direction)+": "+strings.Join(hops, ", ")+".")
		}
	}
	return strings.Join(words, " ")
}

type drawing struct {
	body     strings.Builder
	y, width int
	// missing are attributes of the hop that was not reached, where no style sheet colours it.
	missing string
}

func (d *drawing) lane(l Lane, v Verdict) {
	fmt.Fprintf(&d.body, `<g class="path-lane path-%s"><text x="%d" y="%d" font-weight="bold">%s</text>`, l.Direction, sideMargin, d.y, l.Direction)
	if l.silent() && l.Direction != v.Direction {
		d.y += rowStep
		d.text("nothing of it was seen")
		d.body.WriteString("</g>")
		d.y += rowStep
		return
	}
	d.y += rowStep + 10
	x, previous, at := sideMargin, 0, 0
	for i, leg := range l.legs() {
		if i > 0 {
			x += nodeGap - boxGap
		}
		d.node(x, leg)
		for _, h := range leg {
			if previous > 0 {
				d.arrow(previous, x, h)
			}
			d.box(x, h, l.mark(at, v))
			at++
			previous = x + boxWidth
			x = previous + boxGap
		}
	}
	d.width = max(d.width, previous)
	d.y += boxHeight + rowStep + 8
	for _, r := range rewritings(l) {
		d.text(r.where + ": " + r.text)
	}
	for _, a := range l.Astray {
		d.text(astrayText(a))
	}
	d.body.WriteString("</g>")
	d.y += rowStep
}

// text is a line below the boxes.
func (d *drawing) text(s string) {
	fmt.Fprintf(&d.body, `<text class="path-address" x="%d" y="%d" font-size="12">%s</text>`, sideMargin, d.y, escape(s))
	d.width = max(d.width, sideMargin+len(s)*8)
	d.y += rowStep
}

// node frames the hops of one node.
func (d *drawing) node(x int, leg []Hop) {
	width := len(leg)*(boxWidth+boxGap) - boxGap
	fmt.Fprintf(&d.body, `<rect class="path-node" x="%d" y="%d" width="%d" height="%d" rx="6" fill="none" stroke="currentColor" stroke-opacity="0.35"/>`,
		x-7, d.y-20, width+14, boxHeight+28)
	fmt.Fprintf(&d.body, `<text class="path-node" x="%d" y="%d" font-size="12" font-weight="bold">%s</text>`, x, d.y-6, escape(outsideOr(leg[0].Node)))
}

func (d *drawing) box(x int, h Hop, mark string) {
	class, more, stroke := "path-unwatched", "", `stroke-width="1" stroke-opacity="0.6" stroke-dasharray="2 3"`
	switch mark {
	case Seen.mark():
		class, stroke = "path-seen", `stroke-width="1.5"`
	case Missing.mark():
		class, more, stroke = "path-missing", d.missing, `stroke-width="2.5" stroke-dasharray="7 4"`
	case unreached:
		class, stroke = "path-unreached", `stroke-width="1" stroke-opacity="0.6" stroke-dasharray="7 4"`
	}
	fmt.Fprintf(&d.body, `<g class="path-hop %s"%s><rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="none" stroke="currentColor" %s/>`,
		class, more, x, d.y, boxWidth, boxHeight, stroke)
	fmt.Fprintf(&d.body, `<text x="%d" y="%d" text-anchor="middle">%s %s</text></g>`, x+boxWidth/2, d.y+22, escape(cut(h.label(), 10)), mark)
}

// arrow leads to a hop; it is dashed where the packet was not seen beyond.
func (d *drawing) arrow(from, to int, h Hop) {
	dash := ""
	if h.State != Seen {
		dash = ` stroke-dasharray="3 3" stroke-opacity="0.6"`
	}
	y := d.y + boxHeight/2
	fmt.Fprintf(&d.body, `<path class="path-arrow" d="M%d %dH%dm-5 -4l5 4l-5 4" fill="none" stroke="currentColor"%s/>`, from+2, y, to-2, dash)
}

// cut shortens a name for its box; the text below and the description have it whole.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// escape makes text safe inside an element (XML 1.0, section 2.4).
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(printable(s))
}

// idText keeps what an id may have.
func idText(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '-'
	}, s)
}
