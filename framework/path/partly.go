package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// smallEnough is a packet that every path carries: IPv4 obliges to 576 bytes (RFC 791, section 3.1).
const smallEnough = 576

// real are the hops of a lane that are interfaces and were watched.
func real(l Lane) []*Hop {
	var out []*Hop
	for i := range l.Hops {
		if h := &l.Hops[i]; !h.virtual() && h.State != NotWatched {
			out = append(out, h)
		}
	}
	return out
}

// holes finds where large packets vanish while small ones pass.
func (b *builder) holes(p *Path) (Verdict, bool) {
	for _, l := range []Lane{p.Request, p.Answer} {
		hops := real(l)
		size, again := b.largeLost(l, p)
		if size == 0 || len(hops) == 0 {
			continue
		}
		for i := 1; i < len(hops); i++ {
			if hops[i].largest() >= size || hops[i].Packets == 0 || hops[i-1].largest() < size {
				continue
			}
			v := Verdict{Outcome: BlackHole, Direction: l.Direction, LastSeen: hops[i-1], FirstMissing: hops[i], Place: between(l.Direction, hops[i-1], *hops[i])}
			for _, n := range distinct(hops[i].Node, hops[i-1].Node, hops[0].Node) {
				v.Because = append(v.Because, b.evidence(n, l.Direction)...)
			}
			v.Blames = v.Place
			v.Says = fmt.Sprintf("Large %s of the %s (%s) %s; they were last seen at %s and never at %s%s; %s",
				b.unit(), l.Direction, b.sizeText(*hops[i-1], size), again, hops[i-1].place(), hops[i].place(), because(v.Because), b.tooBig())
			return v, true
		}
	}
	return Verdict{}, false
}

// distinct keeps the first of equal names.
func distinct(names ...string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func (b *builder) unit() string {
	if b.proto() == "tcp" {
		return "segments"
	}
	return "packets"
}

// sizeText is the size, which offloading may have made larger than any packet on the wire.
func (b *builder) sizeText(h Hop, size int) string {
	text := fmt.Sprintf("%d bytes", size)
	if at := b.host(h.Node); at.look != nil {
		if i, ok := at.look.Interface(h.Dev); ok && i.MTU > 0 && size > i.MTU {
			text += ", joined by offloading"
		}
	}
	return text
}

// tooBig says whether anybody told the sender.
func (b *builder) tooBig() string {
	for _, e := range b.errors() {
		if strings.Contains(e.words, "fragmentation") || strings.Contains(e.words, "frag") || strings.Contains(e.words, "too big") {
			return b.cameBack(e)
		}
	}
	return "no ICMP told the sender (fragmentation needed was not seen)"
}

func (h Hop) place() string { return h.Node + "'s " + h.name() }

func (h Hop) largest() int {
	out := 0
	for _, p := range h.packets {
		out = max(out, p.Length)
	}
	return out
}

// largeLost is the smallest size of the large packets that do not get through, and
// what becomes of them. A TCP segment is lost where it is sent again and never
// acknowledged; of others the last hop saw small ones only.
func (b *builder) largeLost(l Lane, p *Path) (size int, how string) {
	hops := real(l)
	if len(hops) < 2 {
		return 0, ""
	}
	if b.proto() == "tcp" {
		for _, a := range again(hops, func(p packet) bool { return p.Length > smallEnough }) {
			if !acknowledged(p.opposite(l.Direction), a.first) && (size == 0 || a.smallest < size) {
				size = a.smallest
			}
		}
		return size, "are sent again and never acknowledged while small ones are"
	}
	end := hops[len(hops)-1].largest()
	lost := 0
	for _, p := range hops[0].packets {
		if p.Length > max(end, smallEnough) {
			lost++
			if size == 0 || p.Length < size {
				size = p.Length
			}
		}
	}
	if end == 0 || lost < 2 {
		return 0, ""
	}
	return size, "never arrive while small ones do"
}

func (p *Path) opposite(d Direction) Lane {
	if d == Request {
		return p.Answer
	}
	return p.Request
}

// repeated is a packet that the first hop saw several times.
type repeated struct {
	first packet
	count int
	// smallest is the shortest of them: offloading joins segments, and a sender that
	// was told of a smaller MTU cuts them.
	smallest int
}

// again are TCP segments that were sent more than once, as the first hop with
// packets saw them. NAT changes ports, so sequence numbers tell them apart.
func again(hops []*Hop, which func(packet) bool) []repeated {
	var out []repeated
	for _, h := range hops {
		for _, p := range h.packets {
			if p.Proto != "tcp" || !which(p) || p.Flags == "ACK" && p.Length <= 80 {
				continue
			}
			i := slices.IndexFunc(out, func(r repeated) bool { return r.first.Seq == p.Seq && r.first.Flags == p.Flags })
			if i < 0 {
				out = append(out, repeated{p, 1, p.Length})
				continue
			}
			out[i].count++
			out[i].smallest = min(out[i].smallest, p.Length)
		}
		if len(h.packets) > 0 {
			break
		}
	}
	return slices.DeleteFunc(out, func(r repeated) bool { return r.count < 2 })
}

// acknowledged says whether a lane shows an acknowledgement beyond a segment's
// beginning (serial numbers, RFC 1982). Each attempt is a connection with numbers of
// its own: those of another say nothing. Only where the lane shows no packet of the
// segment's own ports, which NAT has changed then, any will do.
func acknowledged(l Lane, p packet) bool {
	own, others := false, false
	for _, h := range l.Hops {
		for _, a := range h.packets {
			beyond := strings.Contains(a.Flags, "ACK") && int32(a.Ack-p.Seq) > 0
			if a.Src == p.Dst && a.Dst == p.Src {
				if beyond {
					return true
				}
				own = true
			}
			others = others || beyond
		}
	}
	return others && !own
}

// loss finds the two hops between which the most packets are missing, while
// others pass. Only where the sender noticed: two watches do not end at one moment.
func (b *builder) loss(p *Path) (Verdict, bool) {
	noticed := slices.ContainsFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome != b.t.Flow.Via.Right() })
	noticed = noticed || len(again(real(p.Request), func(packet) bool { return true })) > 0
	var v Verdict
	most := 0
	for _, l := range []Lane{p.Request, p.Answer} {
		hops := real(l)
		for i := 1; i < len(hops); i++ {
			a, z := hops[i-1], hops[i]
			lost, of := missingAt(*a, *z)
			if lost <= most || a.Packets == 0 || z.Packets == 0 || b.truncated(a.Node, z.Node) {
				continue
			}
			most = lost
			v = Verdict{Outcome: Lossy, Direction: l.Direction, LastSeen: a, FirstMissing: z, Place: between(l.Direction, a, *z)}
			v.Because = b.evidence(z.Node, l.Direction)
			v.Blames = v.Place
			v.Says = fmt.Sprintf("%d of %d packets of the %s that were seen at %s were never seen at %s%s",
				lost, of, l.Direction, a.place(), z.place(), because(v.Because))
		}
	}
	return v, noticed && most > 0
}

func (b *builder) truncated(nodes ...string) bool {
	return slices.ContainsFunc(nodes, func(n string) bool {
		w := b.host(n).watch
		return w == nil || w.Truncated
	})
}

// missingAt counts the packets seen at one hop and not at the next. Large TCP
// segments are left out: offloading joins and splits them.
func missingAt(a, z Hop) (lost, of int) {
	type key struct {
		proto, flags, icmp string
		seq, id            uint32
		length             int
	}
	count := map[key]int{}
	each := func(h Hop, by int) {
		for _, p := range h.packets {
			if p.Proto == "tcp" && p.Length > smallEnough {
				continue
			}
			k := key{p.Proto, p.Flags, p.ICMP, p.Seq, p.ID, p.Length}
			if p.Proto == "tcp" {
				k.id = 0
			}
			count[k] += by
			of += max(by, 0)
		}
	}
	each(a, 1)
	each(z, -1)
	for _, n := range count {
		lost += max(n, 0)
	}
	return lost, of
}
