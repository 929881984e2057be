package path

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// columns is the width of a drawing; margin is where a lane's hops begin.
	columns = 100
	margin  = 9
	// shownAddresses is how many addresses are listed for one hop.
	shownAddresses = 3
)

// Draw is the path as text, 100 columns wide: a line for each direction with ✓
// for a hop that was seen, ✗ for the one that was not, · for those behind it, – for
// one that nobody watched; below it the addresses where they change, and at the end
// the verdict. Every line ends with \n.
func Draw(p Path) string {
	lines := wrap(p.Title, "")
	for _, l := range []Lane{p.Request, p.Answer} {
		if len(l.Hops) == 0 {
			continue
		}
		if l.silent() && l.Direction != p.Verdict.Direction {
			lines = append(lines, pad(string(l.Direction), margin)+"nothing of it was seen")
			continue
		}
		lines = append(lines, drawHops(l, p.Verdict)...)
		for _, r := range rewritings(l) {
			lines = append(lines, wrap(pad(r.where, 18)+"  "+r.text, strings.Repeat(" ", margin))...)
		}
		for _, a := range l.Astray {
			lines = append(lines, wrap(astrayText(a), strings.Repeat(" ", margin))...)
		}
	}
	lines = append(lines, wrap(mark(p.Verdict)+" "+p.Verdict.Says+".", "  ")...)
	for _, n := range p.Verdict.Notes {
		lines = append(lines, wrap("· "+n, "  ")...)
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// legs are a lane's hops by node.
func (l Lane) legs() [][]Hop {
	var out [][]Hop
	for i, h := range l.Hops {
		if i > 0 && l.Hops[i-1].leg == h.leg && l.Hops[i-1].Node == h.Node {
			out[len(out)-1] = append(out[len(out)-1], h)
			continue
		}
		out = append(out, []Hop{h})
	}
	return out
}

func drawHops(l Lane, v Verdict) []string {
	line := pad(string(l.Direction), margin)
	lines := []string{}
	at := 0
	for i, leg := range l.legs() {
		var hops []string
		for _, h := range leg {
			hops = append(hops, h.label()+" "+l.mark(at, v))
			at++
		}
		text := printable(outsideOr(leg[0].Node)) + "  " + strings.Join(hops, " → ")
		if i > 0 {
			if utf8.RuneCountInString(line+"  ⇒  "+text) > columns {
				lines = append(lines, line)
				line = strings.Repeat(" ", margin) + "⇒  " + text
				continue
			}
			text = "  ⇒  " + text
		}
		line += text
	}
	return append(lines, line)
}

// rewriting is a hop at which packets have other addresses than before.
type rewriting struct{ where, text string }

func rewritings(l Lane) []rewriting {
	var out []rewriting
	var inner, outer []string
	for _, h := range l.Hops {
		if h.Packets == 0 {
			continue
		}
		var in, over, inShown, overShown []string
		for _, a := range h.As {
			in, inShown = appendNew(in, inShown, a.inner(l.Direction), addrText(a.Src)+" → "+addrText(a.Dst))
			if a.Tunnel != "" {
				text := "in " + a.outer()
				if a.VNI != 0 {
					text += fmt.Sprintf(" (VNI %d)", a.VNI)
				}
				over, overShown = appendNew(over, overShown, text, text)
			}
		}
		where := outsideOr(h.Node) + " " + h.name()
		if !slices.Equal(in, inner) {
			out = append(out, rewriting{where, some(inShown)})
		}
		if len(over) > 0 && !slices.Equal(over, outer) {
			out = append(out, rewriting{where, some(overShown)})
		}
		inner, outer = in, over
	}
	return out
}

// inner are the addresses without the client's port, which every attempt changes.
func (a Addresses) inner(d Direction) string {
	if d == Answer {
		return addrText(a.Src) + " " + a.Dst.Addr().String()
	}
	return a.Src.Addr().String() + " " + addrText(a.Dst)
}

func appendNew(keys, shown []string, key, text string) (moreKeys, moreShown []string) {
	if slices.Contains(keys, key) {
		return keys, shown
	}
	return append(keys, key), append(shown, text)
}

func some(texts []string) string {
	if len(texts) > shownAddresses {
		texts = append(slices.Clone(texts[:shownAddresses]), fmt.Sprintf("%d more", len(texts)-shownAddresses))
	}
	return strings.Join(texts, ", ")
}

func astrayText(h Hop) string {
	way := "in by"
	if h.Out {
		way = "out by"
	}
	a := h.As[0]
	text := fmt.Sprintf("also seen: %s %s %s, %s → %s", h.Node, way, h.Dev, addrText(a.Src), addrText(a.Dst))
	if a.Tunnel != "" {
		text += ", in " + a.outer()
	}
	return text
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// wrap breaks text at spaces into lines of the drawing's width; all but the
// first are indented, and the first too where it does not begin a paragraph.
func wrap(s, indent string) []string {
	lines := []string{}
	line := ""
	if len(indent) == margin {
		line = indent
	}
	start := true
	for _, word := range strings.Split(printable(s), " ") {
		switch {
		case start:
			line += word
		case utf8.RuneCountInString(line+" "+word) > columns:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
		start = false
	}
	return append(lines, line)
}

// printable drops what a terminal would obey and XML forbids; names come from
// hosts and are input.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
