package path

import (
	"fmt"
	"strings"
)

// sentence tells how far the packets of a lane came, from where they were last on
// another node: "The request left n1 by eth0 as VXLAN 10.0.0.11 → 10.0.0.13:8472;
// never arrived at n3's eth0". missing is nil where they came to the end.
func sentence(l Lane, last, missing *Hop) string {
	who := "The " + string(l.Direction)
	if last == nil {
		return fmt.Sprintf("%s never %s", who, begun(*missing))
	}
	var parts []string
	for i := range l.Hops {
		h := &l.Hops[i]
		if h.leg == last.leg && h.Packets > 0 && (h == last || h.Kind != Bridge && (missing == nil || missing.leg == last.leg)) {
			parts = append(parts, passed(*h, len(parts) == 0, l.Direction))
		}
		if h == last {
			break
		}
	}
	said := who + " " + strings.Join(parts, ", ")
	switch {
	case missing == nil:
		return said
	case missing.leg != last.leg:
		return fmt.Sprintf("%s, but never arrived at %s's %s", said, missing.Node, missing.name())
	}
	if missing.Dev != "" && missing.Dev == last.Dev && missing.Kind == PodPort {
		return said + ", but never went back by it"
	}
	return said + ", but " + never(*missing)
}

// name is the interface's, or its kind's where that is not known.
func (h Hop) name() string {
	switch {
	case h.Dev != "":
		return h.Dev
	case h.Kind == PodPort:
		return "pod's interface"
	case h.Kind == NIC:
		return "NIC"
	}
	return string(h.Kind)
}

func begun(h Hop) string {
	switch {
	case h.Kind == PodPort && !h.Out:
		return fmt.Sprintf("came out of the pod on %s (%s)", h.Node, h.name())
	case h.Kind == Translation:
		return fmt.Sprintf("left %s for any backend", h.Node)
	case h.Out:
		return fmt.Sprintf("left %s by %s", h.Node, h.name())
	}
	return fmt.Sprintf("arrived at %s's %s", h.Node, h.name())
}

// passed says how a hop was passed; named: the node has yet to be named.
func passed(h Hop, named bool, d Direction) string {
	on := ""
	if named {
		on = " on " + h.Node
	}
	switch {
	case h.Kind == NIC && h.Out:
		return "left " + h.Node + " by " + h.name() + h.inside(d)
	case h.Kind == NIC:
		return "entered " + h.Node + " by " + h.name() + h.inside(d)
	case h.Kind == Tunnel && h.Out:
		return "went into " + h.name() + on
	case h.Kind == Tunnel:
		return "was decapsulated on " + h.name() + on
	case h.Kind == PodPort && h.Out:
		return "reached the pod's " + h.name() + on
	case h.Kind == PodPort:
		return "came out of the pod" + on + " by " + h.name()
	}
	return "passed " + h.name() + on
}

// inside names the tunnel's ends where the packets were in one.
func (h Hop) inside(Direction) string {
	for _, a := range h.As {
		if a.Tunnel != "" {
			return " as " + a.outer()
		}
	}
	return ""
}

// outer is "VXLAN 10.0.0.11 → 10.0.0.13:8472".
func (a Addresses) outer() string {
	return fmt.Sprintf("%s %s → %s", strings.ToUpper(a.Tunnel), a.OuterSrc.Addr(), addrText(a.OuterDst))
}

func never(h Hop) string {
	switch {
	case h.Kind == Translation:
		return "was never translated to a backend"
	case h.Kind == Tunnel && !h.Out:
		return "was never decapsulated on " + h.name()
	case h.Out && (h.Kind == NIC || h.Kind == Tunnel):
		return "never left by " + h.name()
	}
	if h.Kind == PodPort && h.Out && h.Dev != "" {
		return "never reached the pod's " + h.name()
	}
	return "never reached " + h.name()
}

// strayed says where packets of the lane were seen although they do not belong there.
func (b *builder) strayed(l Lane, last *Hop) string {
	for _, a := range l.Astray {
		if a.Kind != NIC || !a.Out || last != nil && last.Kind == NIC && last.leg == legOf(l, a.Node) && last.Out {
			continue
		}
		expected := Hop{}
		for _, h := range l.Hops {
			if h.Node == a.Node && h.Kind == NIC && h.Out {
				expected = h
			}
		}
		to := addrText(a.As[0].Dst)
		switch {
		case l.Direction == Request && b.service && a.As[0].Dst == b.target && a.Node != b.entry:
			return fmt.Sprintf("; it left %s by %s with the Service's address %s", a.Node, a.Dev, to)
		case expected.Dev != "" && expected.Dev != a.Dev:
			return fmt.Sprintf("; it left %s by %s instead of %s: it goes by another way", a.Node, a.Dev, expected.Dev)
		case expected.encapsulated && a.As[0].Tunnel == "":
			return fmt.Sprintf("; it left %s by %s outside the tunnel, to %s", a.Node, a.Dev, to)
		}
		return fmt.Sprintf("; it left %s by %s to %s", a.Node, a.Dev, to)
	}
	return ""
}

func legOf(l Lane, node string) int {
	for _, h := range l.Hops {
		if h.Node == node {
			return h.leg
		}
	}
	return -1
}

// because joins the first reasons to a sentence.
func because(reasons []Reason) string {
	const shown = 2
	var texts []string
	for _, r := range reasons {
		// A counter counts others' packets too: it is told where nothing says more.
		if len(texts) < shown && (r.Source != "counter" || len(texts) == 0) {
			texts = append(texts, r.Text)
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return ": " + strings.Join(texts, "; ")
}
