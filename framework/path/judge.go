package path

import (
	"fmt"
	"slices"
	"strings"
)

// judge says what became of the flow. What vanished as a whole comes before what
// got through in part, and the request before the answer.
func (b *builder) judge(p *Path) Verdict {
	for _, say := range []func(*Path) (Verdict, bool){
		b.blind, b.requestGap, b.rejected, b.unanswered, b.answerGap,
		b.holes, b.loss, b.unreverted, b.reset, b.gaveUp, b.unacknowledged, b.late,
	} {
		if v, ok := say(p); ok {
			v.Notes = append(v.Notes, b.notes(p, v)...)
			return v
		}
	}
	v := b.whole(p)
	v.Notes = append(v.Notes, b.notes(p, v)...)
	return v
}

// gap is the last hop of a lane that was seen and the first after it that was
// not. missing is nil where there is none, or where nobody watched what comes next.
func gap(l Lane) (last, missing *Hop) {
	from := -1
	for i := range l.Hops {
		if l.Hops[i].Packets > 0 {
			from = i
		}
	}
	if from >= 0 {
		last = &l.Hops[from]
	}
	for i := from + 1; i < len(l.Hops); i++ {
		h := &l.Hops[i]
		switch {
		case h.State == Missing:
			return last, h
		case h.Kind == Host && (i == 0 || h.State == Seen):
		default:
			return last, nil
		}
	}
	return last, nil
}

// answeredByReceiver: the far end's own interface shows an answer, so the request
// came to it, whatever the capture lacks.
func answeredByReceiver(p *Path) bool {
	for _, h := range p.Answer.Hops {
		if !h.virtual() {
			return h.Packets > 0
		}
	}
	return false
}

func (b *builder) requestGap(p *Path) (Verdict, bool) {
	last, missing := gap(p.Request)
	if missing == nil || answeredByReceiver(p) || b.satisfied() {
		return Verdict{}, false
	}
	v := Verdict{Outcome: Vanished, Direction: Request, LastSeen: last, FirstMissing: missing}
	v.Place = between(Request, last, *missing)
	b.explain(&v, p)
	b.astray(&v)
	b.untranslated(&v, p)
	told := *missing
	switch {
	case v.Place.Stage == ServiceTranslation:
		told.Kind = Translation
	case missing.Kind == Translation: // a rule took it, and whether it was translated before is not known
		told = Hop{Node: missing.Node, leg: missing.leg, Kind: Other, Dev: "a backend"}
	}
	said := sentence(p.Request, last, &told)
	if last == nil && v.Place.Stage == ServiceTranslation {
		said = "The request of " + missing.Node + " was never translated to a backend"
	}
	v.Says = said + b.strayed(p.Request, last) + because(v.Because)
	return v, true
}

// untranslated decides whether the Service's data plane is the place: the packet
// had the Service's address last, was never seen with a backend's, and nothing on
// the node says that it was dropped.
func (b *builder) untranslated(v *Verdict, p *Path) {
	if !b.service || v.LastSeen != nil && v.LastSeen.Node != v.FirstMissing.Node {
		return
	}
	node := v.FirstMissing.Node
	untold := v.LastSeen == nil && v.FirstMissing.Kind != Translation
	left, translated := false, false
	for _, h := range slices.Concat(p.Request.Hops, p.Request.Astray) {
		for _, a := range h.As {
			asked := a.Dst == b.target
			translated = translated || h.Node == node && !asked
			left = left || h.Node == node && asked && h.Out && h.Kind == NIC && h.Stage == ""
		}
	}
	// Between two ports of a bridge its netfilter translates, where nothing captures.
	if v.LastSeen != nil && v.LastSeen.Kind == PodPort && v.FirstMissing.Kind == PodPort && !left {
		return
	}
	dropped := slices.ContainsFunc(v.Because, func(r Reason) bool { return r.Source == "kernel" || r.Source == "rule" })
	empty := slices.ContainsFunc(v.Because, func(r Reason) bool { return strings.Contains(r.Text, noEndpoints) })
	place := v.Place
	switch {
	case left, empty, !translated && !dropped && !untold:
		place = at(Request, node, ServiceTranslation)
	case v.FirstMissing.Kind == Translation:
		place = at(Request, node, b.roleOf(p, node).stage(Host))
	}
	if v.Blames == v.Place {
		v.Blames = place
	}
	v.Place = place
}

// rejected: nobody watched where it was dropped, but an ICMP error came back.
func (b *builder) rejected(p *Path) (Verdict, bool) {
	if b.succeeded() {
		return Verdict{}, false
	}
	for _, e := range b.errors() {
		if strings.Contains(e.words, "fragmentation") || strings.Contains(e.words, "too big") || b.about(e) == Answer {
			continue
		}
		node, who := b.nodeOf(e.from), ""
		place := at(Request, node, b.roleOf(p, node).stage(Host))
		switch {
		case node != "":
			who = node
		case b.to.is(e.from) && b.to.kind == PodPort:
			who, node = "the pod on "+b.to.node, b.to.node
			place = at(Request, node, receiver.stage(PodPort))
		default:
			continue
		}
		last, _ := gap(p.Request)
		v := Verdict{Outcome: Refused, Direction: Request, LastSeen: last, Place: place, Blames: place}
		v.Because = b.evidence(node, Request)
		v.Says = fmt.Sprintf("The request was rejected: ICMP %s came back from %s (%s)%s", e.words, who, e.from, because(v.Because))
		return v, true
	}
	return Verdict{}, false
}

func (b *builder) roleOf(p *Path, node string) role {
	for _, h := range p.Request.Hops {
		if h.Node == node && h.Kind != Translation {
			return h.role()
		}
	}
	return receiver
}

// unanswered: the request reached the far end, and nothing came out of it.
func (b *builder) unanswered(p *Path) (Verdict, bool) {
	last, _ := gap(p.Request)
	if last == nil || b.satisfied() || b.to.kind == Outside || last.Node != b.to.node || !reachedEnd(p.Request) {
		return Verdict{}, false
	}
	if slices.ContainsFunc(p.Answer.Hops, func(h Hop) bool { return h.Packets > 0 }) || len(p.Answer.Astray) > 0 {
		return Verdict{}, false
	}
	_, missing := gap(p.Answer)
	if missing == nil {
		return Verdict{}, false
	}
	v := Verdict{Outcome: Unanswered, Direction: Answer, LastSeen: last, FirstMissing: missing}
	k := Host
	if b.to.kind == PodPort {
		k = PodPort
	}
	v.Place = at(Request, last.Node, receiver.stage(k))
	flooded := k == PodPort && b.flooded(p.Request, last.Node)
	if _, wrong := b.host(last.Node).wrongMAC(first(b.to.addrs, b.family)); flooded || wrong && k == PodPort {
		v.Place = at(Request, last.Node, receiver.stage(Bridge))
	}
	b.explain(&v, p)
	what := "nothing answered"
	if b.dns() {
		what = "no response came"
	}
	if flooded {
		what = "the bridge sent it to other pods too; " + what
	}
	v.Says = sentence(p.Request, last, nil) + "; " + what + because(v.Because)
	return v, true
}

// reachedEnd: the last interface of the lane was seen.
func reachedEnd(l Lane) bool {
	for _, h := range slices.Backward(l.Hops) {
		if !h.virtual() {
			return h.State == Seen
		}
	}
	return false
}

func (b *builder) answerGap(p *Path) (Verdict, bool) {
	last, missing := gap(p.Answer)
	if missing == nil || last == nil && len(p.Answer.Astray) == 0 || b.satisfied() {
		return Verdict{}, false
	}
	v := Verdict{Outcome: Vanished, Direction: Answer, LastSeen: last, FirstMissing: missing, Place: between(Answer, last, *missing)}
	b.explain(&v, p)
	b.astray(&v)
	v.Says = sentence(p.Answer, last, missing) + b.strayed(p.Answer, last) + because(v.Because)
	if last == nil || strings.Contains(v.Says, "by another way") {
		for _, h := range p.Answer.Astray {
			if h.Out && h.Kind == NIC {
				v.Place = at(Answer, h.Node, b.roleOf(p, h.Node).stage(Host))
				v.Blames = v.Place
				break
			}
		}
	}
	return v, true
}
