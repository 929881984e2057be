package egress

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// walks are the ways to the targets that did not answer.
type walks struct {
	asked, failed, names int
	// groups are ways that end alike, in the order in which they were met.
	groups []*walkGroup
	// lost are ways that failed and were not walked, by target.
	lost []*walkGroup
}

// walkGroup are the ways of many senders to one target that end in one place.
type walkGroup struct {
	target, end string
	mild        bool
	ways        []way
}

// way is from one sender to one target.
type way struct {
	flow facts.Flow
	from facts.Vantage
	to   facts.Target
	addr string // that did not answer
	hops []facts.Hop
}

func (w *walks) matrix(m *facts.Matrix) {
	for _, row := range m.Rows {
		if row.NotRun != "" || len(row.Cells) != len(m.Targets) {
			continue
		}
		for i, cell := range row.Cells {
			w.cell(m, row, i, cell)
		}
	}
}

func (w *walks) cell(m *facts.Matrix, row facts.Row, i int, cell facts.Cell) {
	d := row.Detail(i)
	_, noName := unresolved(d)
	one := way{flow: m.Flow, from: row.From, to: m.Targets[i], addr: dead(m.Targets[i], d)}
	if d != nil {
		one.hops = d.Hops
	}
	switch {
	case cell.Outcome == facts.NotRun:
	case noName && cell.Outcome != facts.OK:
		w.names++
	case cell.Outcome == facts.OK && len(one.hops) == 0, cell.Outcome == facts.Refused && len(one.hops) == 0:
		w.asked++ // a refusal is an answer: the way is open
	case len(one.hops) == 0:
		w.asked++
		w.failed++
		w.lost = add(w.lost, one, "", false)
	case one.arrived():
		w.asked++
	default:
		w.asked++
		w.failed++
		w.groups = add(w.groups, one, one.end(), cell.Outcome == facts.OK)
	}
}

func add(groups []*walkGroup, one way, end string, mild bool) []*walkGroup {
	for _, g := range groups {
		if g.target == one.to.ID && g.end == end && g.mild == mild {
			g.ways = append(g.ways, one)
			return groups
		}
	}
	return append(groups, &walkGroup{target: one.to.ID, end: end, mild: mild, ways: []way{one}})
}

// dead is the address of the target that did not answer, as far as it is known.
func dead(t facts.Target, d *facts.Detail) string {
	if t.Addr.IsValid() {
		return t.Addr.String()
	}
	if d == nil {
		return ""
	}
	for _, a := range d.Attempts {
		if a.Outcome != facts.OK && len(a.Answers) > 0 {
			return a.Answers[0]
		}
	}
	return ""
}

// arrived says whether the target itself answered the walk.
func (o way) arrived() bool {
	last := o.hops[len(o.hops)-1]
	return last.Addr.IsValid() && last.Addr.String() == o.addr
}

// last is the last hop that answered, and false where none did.
func (o way) last() (facts.Hop, bool) {
	for _, h := range slices.Backward(o.hops) {
		if h.Addr.IsValid() {
			return h, true
		}
	}
	return facts.Hop{}, false
}

// end says where the way ends.
func (o way) end() string {
	h, ok := o.last()
	switch {
	case !ok:
		return "not even the first router answers"
	case h.Says != "":
		return fmt.Sprintf("hop %d, %s, does not let it pass: %s", h.TTL, h.Addr, h.Says)
	case h.TTL == 1: // its address differs from node to node, and the fault does not
		return "only the first router answers, and behind it there is silence"
	default:
		return fmt.Sprintf("the last router that answers is hop %d, %s; behind it there is silence", h.TTL, h.Addr)
	}
}

// loss says where loss begins and stays. Loss at a hop that a later one does not
// share is a router that limits how often it answers, and no loss of what it
// passes on.
func (o way) loss() string {
	begins, limited := 0, []string{}
	least := 2.0
	for _, h := range slices.Backward(o.hops) {
		share := 0.0
		if h.Sent > 0 {
			share = float64(h.Lost) / float64(h.Sent)
		}
		switch {
		case share > least:
			limited = append(limited, fmt.Sprint(h.TTL))
		case share > 0 && (begins == 0 || begins == h.TTL+1):
			begins = h.TTL
		}
		least = min(least, share)
	}
	var out string
	if begins > 0 {
		out = fmt.Sprintf("; loss begins at hop %d and stays", begins)
	}
	if len(limited) > 0 {
		slices.Reverse(limited)
		out += fmt.Sprintf("; loss at hop %s is not shared by later ones: those routers limit their answers", strings.Join(limited, ", "))
	}
	return out
}

// table is the way as mtr(8) prints its report.
func (o way) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%3s  %-39s %6s %4s %8s %8s %8s %8s %8s\n", "Hop", "Host", "Loss%", "Snt", "Last", "Avg", "Best", "Wrst", "StDev")
	for _, h := range o.hops {
		host, loss := "???", 0.0
		if h.Addr.IsValid() {
			host = h.Addr.String()
		}
		if h.Sent > 0 {
			loss = 100 * float64(h.Lost) / float64(h.Sent)
		}
		fmt.Fprintf(&b, "%3d  %-39s %5.1f%% %4d %8s %8s %8s %8s %8s  %s\n", h.TTL, host, loss, h.Sent,
			ms(h.Last), ms(h.Average), ms(h.Best), ms(h.Worst), ms(h.Deviation), h.Says)
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func ms(micros int) string { return fmt.Sprintf("%d.%d", micros/1000, micros%1000/100) }

func (o way) pair() check.Pair {
	return check.Pair{From: o.from.String(), To: o.to.ID, Flow: o.flow.Key()}
}
