package path

import (
	"fmt"
	"slices"
	"strings"
)

func (p packet) flag(word string) bool { return slices.Contains(strings.Fields(p.Flags), word) }

// reset finds a RST that came back instead of an answer.
func (b *builder) reset(p *Path) (Verdict, bool) {
	if b.succeeded() {
		return Verdict{}, false
	}
	shaken := slices.ContainsFunc(p.Answer.Hops, func(h Hop) bool {
		return slices.ContainsFunc(h.packets, func(q packet) bool { return q.flag("SYN") })
	})
	for i := range p.Answer.Hops {
		h := &p.Answer.Hops[i]
		for _, q := range h.packets {
			if !q.flag("RST") {
				continue
			}
			v := Verdict{Outcome: Refused, Direction: Answer, LastSeen: h, Place: at(Request, h.Node, h.role().stage(Host))}
			who := h.Node
			if h.Kind == PodPort && !h.Out {
				v.Place = at(Request, h.Node, h.role().stage(PodPort))
				who = "the pod on " + h.Node
			}
			v.Blames = v.Place
			v.Because = b.evidence(h.Node, Request)
			v.Says = fmt.Sprintf("A RST came from %s (%s): %s%s", who, addrText(q.Src), b.whyReset(v, shaken), because(v.Because))
			return v, true
		}
	}
	return Verdict{}, false
}

// whyReset tells the kernel's answer for a closed port (RFC 9293, section 3.10.7.1) from a rule's.
func (b *builder) whyReset(v Verdict, shaken bool) string {
	if slices.ContainsFunc(v.Because, func(r Reason) bool { return r.Source == "rule" }) {
		return "a rule rejects"
	}
	if shaken {
		return "the connection was open, and it was cut"
	}
	port := b.to.port
	if port == 0 {
		port = b.target.Port()
	}
	return fmt.Sprintf("nothing listens on port %d there", port)
}

// gaveUp finds a RST without ACK: the client had no connection any more when the
// answer to its handshake came.
func (b *builder) gaveUp(p *Path) (Verdict, bool) {
	if b.succeeded() {
		return Verdict{}, false
	}
	for i := range p.Request.Hops {
		h := &p.Request.Hops[i]
		for _, q := range h.packets {
			if q.flag("RST") && !q.flag("ACK") {
				v := Verdict{Outcome: GaveUp, Direction: Request, LastSeen: h, Place: at(Request, h.Node, h.role().stage(Host))}
				if b.from.kind == PodPort {
					v.Place = at(Request, h.Node, sender.stage(PodPort))
				}
				v.Blames = v.Place
				v.Says = "A RST without ACK came from the client: it gave up in the handshake" + b.howLate(p)
				return v, true
			}
		}
	}
	return Verdict{}, false
}

// unacknowledged finds segments that were sent again and never acknowledged
// although every hop saw them.
func (b *builder) unacknowledged(p *Path) (Verdict, bool) {
	if b.succeeded() {
		return Verdict{}, false
	}
	for _, l := range []Lane{p.Request, p.Answer} {
		for _, r := range again(real(l), func(packet) bool { return true }) {
			if acknowledged(p.opposite(l.Direction), r.first) {
				continue
			}
			v := Verdict{Outcome: Retransmitted, Direction: l.Direction}
			if hops := real(l); len(hops) > 0 {
				v.LastSeen = hops[len(hops)-1]
				v.Place = at(l.Direction, v.LastSeen.Node, v.LastSeen.Stage)
				v.Blames = v.Place
			}
			v.Says = fmt.Sprintf("%s of the %s was retransmitted %s without ACK", segment(r.first), l.Direction, times(r.count-1))
			return v, true
		}
	}
	return Verdict{}, false
}

func segment(p packet) string {
	if p.flag("SYN") || p.flag("FIN") {
		return "The " + p.Flags
	}
	return fmt.Sprintf("A segment of %d bytes", p.Length)
}

// lateMicros is far above any round trip within a site, and well below the second
// after which a SYN is sent again (RFC 6298, section 2.1).
const lateMicros = 200_000

// late finds answers that came much later than the rest of the way explains.
func (b *builder) late(p *Path) (Verdict, bool) {
	type point struct {
		hop   *Hop
		delay int64
	}
	var points []point
	for _, h := range real(p.Request) {
		for _, a := range real(p.Answer) {
			if a.Node == h.Node && a.Dev == h.Dev {
				if d, ok := slowest(*h, *a); ok {
					points = append(points, point{h, d})
				}
			}
		}
	}
	if len(points) == 0 || points[0].delay < lateMicros {
		return Verdict{}, false
	}
	// Each hop's delay is on its own node's clock; where it falls, the time is spent.
	v := Verdict{Outcome: Late, Direction: Answer}
	most, end := int64(0), points[len(points)-1]
	for i := 1; i < len(points); i++ {
		if fall := points[i-1].delay - points[i].delay; fall > most {
			most = fall
			v.LastSeen, v.FirstMissing = points[i-1].hop, nil
			v.Place = between(Request, points[i-1].hop, *points[i].hop)
			v.Says = fmt.Sprintf("%d ms of it between %s and %s", fall/1000, points[i-1].hop.place(), points[i].hop.place())
		}
	}
	if end.delay > most {
		v.LastSeen = end.hop
		v.Place = at(Request, end.hop.Node, end.hop.Stage)
		v.Says = fmt.Sprintf("%d ms of it beyond %s", end.delay/1000, end.hop.place())
	}
	v.Blames = v.Place
	v.Says = fmt.Sprintf("The %s came %d ms late, %s", b.answerName(), points[0].delay/1000, v.Says)
	return v, true
}

func (b *builder) answerName() string {
	if b.proto() == "tcp" {
		return "SYN ACK"
	}
	return "answer"
}

// howLate is added where an answer was slow.
func (b *builder) howLate(p *Path) string {
	if v, ok := b.late(p); ok {
		return "; " + strings.ToLower(v.Says[:1]) + v.Says[1:]
	}
	return ""
}

// slowest is the longest time between a question and its answer at one interface,
// in microseconds. A SYN that was sent again is loss, and counts from its last try.
func slowest(request, answer Hop) (int64, bool) {
	worst, found := int64(0), false
	for _, a := range answer.packets {
		took := int64(-1)
		for _, q := range request.packets {
			if d := a.AtMicros - q.AtMicros; d >= 0 && replies(q, a) && (took < 0 || d < took) {
				took = d
			}
		}
		if took >= 0 {
			worst, found = max(worst, took), true
		}
	}
	return worst, found
}

// replies says whether a packet answers another: a SYN ACK acknowledges the SYN's
// number plus one; DNS and ICMP give the id back.
func replies(q, a packet) bool {
	switch q.Proto {
	case "tcp":
		return q.flag("SYN") && a.flag("SYN") && a.Ack == q.Seq+1
	case "udp":
		return q.ID != 0 && q.ID == a.ID && (q.Src.Port() == a.Dst.Port())
	}
	return q.ID == a.ID && q.ICMP != "" && a.ICMP != ""
}
