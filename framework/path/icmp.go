package path

import (
	"fmt"
	"net/netip"
	"slices"
)

// icmpError is an ICMP error about the flow that a node saw, and whom it told.
type icmpError struct {
	from, to netip.Addr
	words    string
}

// errors are the ICMP errors seen anywhere, each once.
func (b *builder) errors() []icmpError {
	var out []icmpError
	for _, w := range b.t.Watches {
		for _, p := range w.Packets {
			e := icmpError{p.Src.Addr(), p.Dst.Addr(), p.ICMP}
			same := func(x icmpError) bool {
				return x.from == e.from && x.words == e.words && (x.from == x.to) == (e.from == e.to) && b.about(x) == b.about(e)
			}
			if failure(p) && !slices.ContainsFunc(out, same) {
				out = append(out, e)
			}
		}
	}
	return out
}

// about is the direction of the packet that an ICMP error tells of: it goes to who
// sent that packet (RFC 792), which may be a node that put it into a tunnel.
func (b *builder) about(e icmpError) Direction {
	node := b.nodeOf(e.to)
	there := b.to.is(e.to) || node != "" && node == b.to.node && node != b.from.node
	if there && !b.from.is(e.to) {
		return Answer
	}
	return Request
}

func (b *builder) cameBack(e icmpError) string {
	from := e.from.String()
	n := b.nodeOf(e.from)
	if n != "" {
		from = n + " (" + from + ")"
	}
	if n != "" && e.from == e.to {
		return fmt.Sprintf("%s told itself by ICMP %s", n, e.words)
	}
	return fmt.Sprintf("ICMP %s came back from %s", e.words, from)
}
