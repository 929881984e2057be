package pattern

import (
	"fmt"
	"slices"
)

// form is where the red cells lie.
type form struct{ shape, says string }

// lines are sums over the grids of the red cells.
type lines struct {
	all     tally
	out, in map[string]*tally
	// red are the red cells themselves, and those of them whose outcome is right all
	// the same (another source, a loss in a series).
	red, redOut, redIn map[string]*tally
}

// form finds the widest form that all red cells have, and says "every" only where
// nothing that was observed in it is right.
func (r red) form() form {
	l := r.lines()
	froms, tos, hub := r.ends()
	within := l.red[""].within > 0
	switch {
	case len(froms) == 1 && len(tos) == 1:
		return r.pair(froms[0], tos[0])
	case len(froms) == 2 && slices.Equal(froms, tos) && !within:
		return form{"pair:" + froms[0] + ":" + froms[1], fmt.Sprintf("between %s and %s, both ways", froms[0], froms[1])}
	case whole(l.all, *l.red[""], true):
		return r.everything(froms, tos)
	case len(froms) > 1 && len(tos) > 1 && !within && whole(l.all, *l.red[""], false) && l.all.within > 0:
		return form{"across", "every pair across nodes"}
	}
	if says, ok := every(froms, l.out, l.redOut, within); ok && len(froms) < len(l.out) {
		return form{"out:" + fmt.Sprint(froms), "every pair out of " + names(froms) + says}
	}
	if says, ok := every(tos, l.in, l.redIn, within); ok && len(tos) < len(l.in) {
		return form{"in:" + fmt.Sprint(tos), "every pair into " + names(tos) + says}
	}
	if hub != "" {
		return r.hub(hub, l)
	}
	return r.some(froms, tos, l)
}

// ends are the places at both ends, sorted, and the one that is an end of every cell.
func (r red) ends() (froms, tos []string, hub string) {
	for _, c := range r.cells {
		froms, tos = append(froms, c.fromName()), append(tos, c.toName())
	}
	slices.Sort(froms)
	slices.Sort(tos)
	froms, tos = slices.Compact(froms), slices.Compact(tos)
	for _, n := range []string{r.cells[0].fromName(), r.cells[0].toName()} {
		if !slices.ContainsFunc(r.cells, func(c cell) bool { return c.fromName() != n && c.toName() != n }) {
			return froms, tos, n
		}
	}
	return froms, tos, ""
}

func (r red) lines() lines {
	l := lines{out: map[string]*tally{}, in: map[string]*tally{}, red: map[string]*tally{}, redOut: map[string]*tally{}, redIn: map[string]*tally{}}
	for _, g := range r.grids {
		g.count()
		l.all.plus(g.all)
		for n, t := range g.out {
			tallyOf(l.out, n).plus(*t)
		}
		for n, t := range g.in {
			tallyOf(l.in, n).plus(*t)
		}
	}
	for _, c := range r.cells {
		tallyOf(l.red, "").add(c.across(), c.right())
		tallyOf(l.redOut, c.fromName()).add(c.across(), c.right())
		tallyOf(l.redIn, c.toName()).add(c.across(), c.right())
	}
	return l
}

// whole: of what was observed nothing is right, but for red cells whose outcome is.
func whole(all, red tally, within bool) bool {
	if within && all.rightWithin != red.rightWithin {
		return false
	}
	return all.rightAcross == red.rightAcross
}

// every says whether all lines of some places are red, and how far they reach.
func every(places []string, all, red map[string]*tally, within bool) (says string, ok bool) {
	n, inside := 0, 0
	for _, p := range places {
		t := all[p]
		if t == nil || !whole(*t, *red[p], within) {
			return "", false
		}
		n, inside = n+t.across, inside+t.within
		if within {
			n += t.within
		}
	}
	if n < 2 {
		return "", false
	}
	if !within && inside > 0 {
		return " across nodes", true
	}
	return "", true
}

func (r red) everything(froms, tos []string) form {
	switch {
	case len(tos) == 1:
		return form{"to:" + tos[0], "from every place to " + tos[0]}
	case len(froms) == 1:
		return form{"out:" + fmt.Sprint(froms), "every pair out of " + froms[0]}
	}
	return form{"everything", "every pair"}
}

// pair is one sender and one receiver.
func (r red) pair(from, to string) form {
	if from == to {
		return form{"within:" + from, "within " + from}
	}
	seen, right := 0, 0
	for _, c := range r.cells {
		if ok, known := r.board.at(c.flow(), string(c.from().Kind)+"/"+c.to().Node, kindOfTarget(c)+"/"+c.from().Node); known {
			seen++
			if ok {
				right++
			}
		}
	}
	says := fmt.Sprintf("from %s to %s", from, to)
	if seen == len(r.cells) && right == seen {
		says += " only: the opposite direction is right"
	}
	return form{"one:" + from + ":" + to, says}
}

// hub is a place that is an end of all red cells.
func (r red) hub(name string, l lines) form {
	out, in := tallyOf(l.out, name), tallyOf(l.in, name)
	redOut, redIn := tallyOf(l.redOut, name), tallyOf(l.redIn, name)
	switch {
	case redIn.across == 0 && redOut.across > 0:
		return form{"out:[" + name + "]", counted(redOut.across+redOut.within, out, redOut.within > 0, " out of "+name)}
	case redOut.across == 0 && redIn.across > 0:
		return form{"in:[" + name + "]", counted(redIn.across+redIn.within, in, redIn.within > 0, " into "+name)}
	}
	if whole(*out, *redOut, false) && whole(*in, *redIn, false) && redOut.within == 0 {
		says := "every pair into and out of " + name
		if out.within > 0 {
			says += " across nodes"
		}
		return form{"hub:" + name, says}
	}
	// Cells within the place are in both lines.
	both := tally{across: out.across + in.across, within: out.within}
	return form{"hub:" + name, counted(redOut.across+redIn.across+redOut.within, &both, redOut.within > 0, " into and out of "+name)}
}

// counted is "5 of the 12 pairs into n3", or with "across nodes": never "every".
func counted(n int, of *tally, within bool, where string) string {
	all := of.across
	switch {
	case within || of.within == 0:
		all += of.within
	default:
		where += " across nodes"
	}
	return fmt.Sprintf("%d of the %d pairs%s", n, all, where)
}

// some is what has no form of its own.
func (r red) some(froms, tos []string, l lines) form {
	n := counted(len(r.cells), &l.all, l.red[""].within > 0, "")
	switch {
	case len(froms) < len(l.out) && len(froms) <= 3:
		return form{"some out:" + fmt.Sprint(froms), n + ", all of them out of " + names(froms)}
	case len(tos) < len(l.in) && len(tos) <= 3:
		return form{"some in:" + fmt.Sprint(tos), n + ", all of them into " + names(tos)}
	}
	return form{"some", n + ", which have neither sender nor receiver in common"}
}

// kindOfTarget is the first part of a target's id.
func kindOfTarget(c cell) string { return string(c.flow().To) }
