package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/plumbline-net/plumbline/reporters/text"
)

// screen says how to write to a stream: the zero value is a file or a pipe.
type screen struct {
	live   bool // lines can be rewritten in place
	colour bool
	width  func() int // columns now; nil where nobody knows
}

// screenOf finds out about a stream. Colour is used only where a person looks,
// and NO_COLOR (no-color.org) does not forbid it; a dumb terminal gets neither
// colour nor rewritten lines.
func screenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return screen{}
	}
	width := func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}
	return screen{live: true, colour: os.Getenv("NO_COLOR") == "", width: width}
}

// usualWidth is that of a terminal which does not tell its own.
const usualWidth = 80

func (s screen) columns() int {
	if s.width != nil {
		if w := s.width(); w > 0 {
			return w
		}
	}
	return usualWidth
}

// options are the same for the text reports, which have a width of their own
// where a stream has none.
func (s screen) options() text.Options {
	o := text.Options{Colour: s.colour}
	if s.live {
		o.Width = s.columns()
	}
	return o
}

func terminal(w io.Writer) text.Options { return screenOf(w).options() }
