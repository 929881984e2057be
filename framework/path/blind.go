package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// blind is the verdict where nothing was captured: what should be passed, and what
// the configuration says against it. It is never "fine".
func (b *builder) blind(p *Path) (Verdict, bool) {
	var why []string
	seen := false
	for _, w := range b.t.Watches {
		if w.NotRun != "" {
			why = append(why, w.Node+": "+w.NotRun)
		}
		seen = seen || len(w.Packets) > 0
	}
	sent := slices.ContainsFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome != facts.NotRun })
	_, missing := gap(p.Request)
	switch {
	case seen, missing != nil && sent && b.t.NotRun == "":
		return Verdict{}, false
	case b.t.NotRun != "":
		why = []string{b.t.NotRun}
	case len(b.t.Watches) == 0:
		why = []string{"no node watched"}
	case len(why) == 0 && !sent:
		why = []string{"no packet is known to have been sent"}
	case len(why) == 0:
		why = []string{"none of the watches lasted to the end"}
	}
	v := Verdict{Because: append(b.told(), b.configured()...)}
	v.Says = "Nothing was captured (" + strings.Join(why, "; ") + "), so where packets vanish is not known; by the configuration the request goes " + wayText(p.Request)
	if len(v.Because) > 0 {
		v.Says += because(v.Because)
	}
	return v, true
}

// wayText is "n1 cni0, vxlan0, eth0; n3 eth0, vxlan0, cni0".
func wayText(l Lane) string {
	var legs []string
	for i, h := range l.Hops {
		name := h.name()
		if h.Kind == Host {
			name = "the host"
		}
		if i > 0 && l.Hops[i-1].leg == h.leg {
			legs[len(legs)-1] += ", " + name
			continue
		}
		legs = append(legs, h.Node+" "+name)
	}
	return strings.Join(legs, "; ")
}

// told is what the sender itself heard.
func (b *builder) told() []Reason {
	var out []Reason
	for _, a := range b.t.Attempts {
		if a.ICMP == nil {
			continue
		}
		from := a.ICMP.From.String()
		if n := b.nodeOf(a.ICMP.From); n != "" {
			from = n + " (" + from + ")"
		}
		r := Reason{Node: b.t.From.Node, Source: "probe", Text: fmt.Sprintf("the sender got ICMP type %d code %d from %s", a.ICMP.Type, a.ICMP.Code, from)}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
