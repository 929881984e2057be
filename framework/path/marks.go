package path

import "slices"

// mark is that of the verdict.
func mark(v Verdict) string {
	switch v.Outcome {
	case Whole:
		return "✓"
	case Unknown:
		return "–"
	default:
		return "✗"
	}
}

func (s State) mark() string {
	switch s {
	case Seen:
		return "✓"
	case Missing:
		return "✗"
	case NotWatched:
	}
	return "–"
}

// unreached is the mark of hops behind the one that packets never reached.
const unreached = "·"

// mark is that of a hop on its lane. The hop that some packets never reached has a
// cross although others did.
func (l Lane) mark(i int, v Verdict) string {
	if l.beyond(i) {
		return unreached
	}
	if partly := v.Outcome == BlackHole || v.Outcome == Lossy; partly && v.Direction == l.Direction && v.FirstMissing != nil {
		if h, m := l.Hops[i], v.FirstMissing; h.Node == m.Node && h.Dev == m.Dev && h.Out == m.Out && h.leg == m.leg {
			return Missing.mark()
		}
	}
	return l.Hops[i].State.mark()
}

// beyond says whether a hop lies behind the one that packets never reached: nothing
// can have been seen there.
func (l Lane) beyond(i int) bool {
	seen := -1
	for j, h := range l.Hops {
		if h.State == Seen {
			seen = j
		}
	}
	if i <= seen || l.Hops[i].State != Missing {
		return false
	}
	return slices.ContainsFunc(l.Hops[seen+1:i], func(h Hop) bool { return h.State == Missing })
}

// silent: every hop was watched, and none was passed.
func (l Lane) silent() bool {
	return len(l.Astray) == 0 && !slices.ContainsFunc(l.Hops, func(h Hop) bool { return h.State == Seen || h.State == NotWatched && !h.virtual() })
}

// label is a hop's name in a drawing.
func (h Hop) label() string {
	switch h.Kind {
	case Host:
		return "host"
	case Translation:
		return "Service"
	default:
		return printable(h.name())
	}
}
