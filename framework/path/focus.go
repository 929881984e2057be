package path

import (
	"github.com/plumbline-net/plumbline/framework/facts"
)

// focus are the connections that failed, where others of the same flow came through:
// a Service has several backends, and only some of them may be out of reach. They are
// known by the ports that their sockets had, and behind a rewriting by the numbers of
// their SYN.
type focus struct {
	ports map[uint16]bool
	seqs  map[uint32]bool
}

// newFocus is nil where all connections went the same way, or cannot be told apart.
func (b *builder) newFocus() *focus {
	if !b.service || b.proto() != "tcp" || !b.succeeded() {
		return nil
	}
	f := &focus{map[uint16]bool{}, map[uint32]bool{}}
	for _, a := range b.t.Attempts {
		if a.Outcome != b.t.Flow.Via.Right() && a.Local.Port() != 0 {
			f.ports[a.Local.Port()] = true
		}
	}
	for _, w := range b.t.Watches {
		for _, p := range w.Packets {
			if p.Proto == "tcp" && p.Flags == "SYN" && f.ports[p.Src.Port()] && p.Dst == b.target {
				f.seqs[p.Seq] = true
			}
		}
	}
	if len(f.seqs) == 0 {
		return nil
	}
	return f
}

// holds says whether a packet is one of the connections that failed, or of all.
func (f *focus) holds(p facts.Sighting) bool {
	return f == nil || p.Proto != "tcp" || f.ports[p.Src.Port()] || f.ports[p.Dst.Port()] || f.seqs[p.Seq] || f.seqs[p.Ack-1]
}

// unmet is the only backend of which no packet was seen, where every other answered:
// what failed was for that one.
func (b *builder) unmet() (end, bool) {
	var out []end
	for _, e := range b.backends {
		_, answered := b.counted(e, nil)
		if answered == 0 {
			out = append(out, e)
		}
	}
	if len(out) != 1 || len(b.backends) < 2 {
		return end{}, false
	}
	return out[0], true
}
