package service

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// hearing is what the sockets of an endpoint's pod say. The zero value is unread.
type hearing uint8

const (
	unread hearing = iota
	hears
	deaf     // nothing listens on the port
	confined // something listens, but not at an address that others reach
)

// socket is an endpoint with what was seen of its port.
type socket struct {
	endpoint facts.Endpoint
	seen     facts.Listening
	state    hearing
	// why is the reason for unread, or the addresses of confined.
	why string
}

// look finds what the node's last look says of an endpoint's port.
func (l *listener) look(e facts.Endpoint) socket {
	out := socket{endpoint: e}
	h := l.facts.Host(e.Node, facts.Last)
	switch {
	case h == nil:
		out.why = "there is no last look at " + e.Node
		return out
	case h.NotRun != "":
		out.why = h.NotRun
		return out
	}
	i := slices.IndexFunc(h.Listening, func(got facts.Listening) bool {
		return got.Addr.Unmap() == e.Addr.Unmap() && got.Port == e.Port && strings.EqualFold(got.Proto, e.Proto)
	})
	if i < 0 {
		out.why = fmt.Sprintf("the look at %s holds nothing about it", e.Node)
		return out
	}
	out.seen = h.Listening[i]
	out.state, out.why = heardAt(out.seen)
	return out
}

// heardAt says whether a socket is bound where packets for the pod's address
// arrive: at that address, or at the unspecified one. A socket at :: takes IPv4
// too, unless it was told not to (ipv6(7), IPV6_V6ONLY), which /proc does not show.
func heardAt(got facts.Listening) (hearing, string) {
	if got.NotRun != "" {
		return unread, got.NotRun
	}
	if len(got.Bound) == 0 {
		return deaf, ""
	}
	var elsewhere []string
	for _, b := range got.Bound {
		b = b.Unmap()
		sameFamily := b.Is4() == got.Addr.Unmap().Is4()
		if b == got.Addr.Unmap() || b.IsUnspecified() && (sameFamily || b == netip.IPv6Unspecified()) {
			return hears, ""
		}
		elsewhere = append(elsewhere, b.String())
	}
	return confined, strings.Join(elsewhere, ", ")
}

// where is "web-1 10.244.2.7:8080/TCP on n2".
func (s socket) where() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s/%s", s.endpoint.Pod, netip.AddrPortFrom(s.endpoint.Addr, s.endpoint.Port), s.endpoint.Proto)) + " on " + s.endpoint.Node
}

func (s socket) evidence() check.Evidence {
	text := fmt.Sprintf("no socket on port %d", s.endpoint.Port)
	if s.state == confined {
		text = fmt.Sprintf("port %d is bound at %s", s.endpoint.Port, s.why)
		if s.seen.Process != "" {
			text += " by " + s.seen.Process
		}
	}
	return check.Evidence{Node: s.endpoint.Node, Source: "sockets of the pod " + s.endpoint.Pod + " (last look)", Text: text}
}

func (l *listener) remedy(first socket) []check.Remedy {
	pod := first.endpoint.Pod
	steps := []check.Remedy{{
		Purpose: check.Find,
		Text:    "See what the pod listens on",
		Command: l.kubectl(fmt.Sprintf("exec %s -- sh -c 'ss -lntup || netstat -lntup || cat /proc/net/tcp /proc/net/tcp6'", pod)),
	}}
	if first.state == confined {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "Look for its listen, bind or host setting",
			Command: l.kubectl(fmt.Sprintf("get pod %s -o yaml | grep -nE -A12 'args:|command:|env:'", pod)),
		}, check.Remedy{
			Text:    "Let the program listen on all addresses (0.0.0.0 or ::) instead of " + first.why + ", in its arguments, its environment or its configuration",
			Command: l.kubectl(fmt.Sprintf("edit $(kubectl -n %s get pod %s -o jsonpath='{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}')", l.service.Namespace, pod)),
		})
	} else {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "Compare the Service's targetPort with the port of the program",
			Command: l.kubectl(fmt.Sprintf("get service %s -o jsonpath='{.spec.ports}'; kubectl -n %s logs %s --tail=20", l.service.Name, l.service.Namespace, pod)),
		}, check.Remedy{
			Text:    "Correct the Service's targetPort, where the program listens on another port",
			Command: l.kubectl("edit service " + l.service.Name),
		}, check.Remedy{
			Text:    "Let the pod be recreated, where the program hangs or has lost its socket",
			Command: l.kubectl("delete pod " + pod),
		})
	}
	return append(steps, check.Remedy{
		Purpose: check.Last, Text: "A readiness probe on that port keeps such a pod out of the Service: add one, where this prints none",
		Command: l.kubectl(fmt.Sprintf("get pod %s -o jsonpath='{.spec.containers[*].readinessProbe}'", pod)),
	}, remedies.Again("service/listening"))
}
