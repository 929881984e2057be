// Package text renders a report for a terminal: a line per check, the closing
// block, and the whole report. Whether colour is wanted (NO_COLOR, a terminal or
// not) and how wide the terminal is, the caller knows and says.
package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Options are what the caller knows of the terminal.
type Options struct {
	// Colour puts ANSI colours on top of the words; the words say everything alone.
	Colour bool
	// Width in columns; 0 is 100, and more than 100 is 100. Only commands are wider.
	Width int
}

const (
	widest   = 100
	narrower = 40 // below this, cutting would leave nothing to read
	// headWidth is for a word of four letters and the longest id.
	headWidth = 35
)

func (o Options) width() int {
	if o.Width <= 0 || o.Width > widest {
		return widest
	}
	return max(o.Width, narrower)
}

// Line is one line about one finished check, without a line end:
// "PASS  reach/pod-to-pod  36 of 36 pairs".
func Line(c report.Check, o Options) string {
	says := plain.Line(c.Why)
	if findings := c.Judged(); len(findings) > 0 && c.Verdict != check.Pass {
		says = plain.Line(findings[0].Says)
		if len(findings) > 1 {
			says = fmt.Sprintf("%d findings; first: %s", len(findings), says)
		}
	}
	return line(c, says, o)
}

// line pads word and id together, so that a long word does not move the text.
func line(c report.Check, says string, o Options) string {
	switch {
	case c.Excepted():
		says = "accepted exception: " + says
	case c.Retried && c.Verdict == check.Pass:
		says += " (not at the first attempt everywhere)"
	}
	word := strings.ToUpper(c.Verdict.String())
	head := fmt.Sprintf("%-4s  %s", word, plain.Line(c.ID))
	whole := plain.Cut(strings.TrimRight(fmt.Sprintf("%-*s  %s", headWidth, head, says), " "), o.width())
	return o.paint(colourOf(c), word) + strings.TrimPrefix(whole, word)
}

func colourOf(c report.Check) string {
	switch c.Verdict {
	case check.Pass:
		return green
	case check.Fail:
		if c.Accepted {
			return yellow
		}
		return red
	case check.Warn:
		return yellow
	case check.Unknown:
		return magenta
	case check.Skip:
		return dim
	default:
		return dim
	}
}

const (
	red     = "31"
	green   = "32"
	yellow  = "33"
	magenta = "35"
	dim     = "2"
	bold    = "1"
)

func (o Options) paint(colour, s string) string {
	if !o.Colour || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func verdictColour(v report.Verdict) string {
	switch v {
	case report.Conformant:
		return bold + ";" + green
	case report.NotConformant:
		return bold + ";" + red
	case report.CannotTell:
		return bold + ";" + magenta
	default:
		return bold
	}
}

// wrap breaks text into lines of at most width columns, at spaces; a word that
// is wider is cut. The lines after the first are indented.
func wrap(s string, width int, indent string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(plain.Text(s)) {
		word = plain.Cut(word, width-utf8.RuneCountInString(indent))
		joined := word
		if line != "" {
			joined = line + " " + word
		}
		if line != "" && utf8.RuneCountInString(line+" "+word) > width {
			lines = append(lines, line)
			joined = indent + word
		}
		line = joined
	}
	return append(lines, line)
}
