package service

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// want is one port of a Service at one of its addresses, with what it must lead to.
type want struct {
	name  string // "kube-system/kube-dns:dns"
	addr  netip.Addr
	proto string // tcp, udp, sctp
	port  uint16
	// inner are the places behind the ClusterIP, outer those behind the NodePort:
	// where a traffic policy is Local, those on the node itself only.
	inner, outer []facts.Endpoint
	nodePort     uint16
	// known are all places that the Service has, ready or not.
	known map[netip.AddrPort]bool
	// elsewhere are nodes of other zones: traffic may be kept within one's own.
	elsewhere map[string]bool
}

// wanted are the Service ports of one family that have a ready endpoint. Without
// one, kube-proxy refuses what is sent there, and no link is to be found.
func (w *planeWalk) wanted(services []facts.ClusterService, f facts.Family) []want {
	var out []want
	for _, svc := range services {
		if svc.Headless {
			continue
		}
		for _, a := range svc.Addrs {
			if familyOf(a) != f {
				continue
			}
			for _, port := range svc.Ports {
				if one := w.want(svc, a, port); len(one.inner)+len(one.outer) > 0 {
					out = append(out, one)
				}
			}
		}
	}
	return out
}

func (w *planeWalk) want(svc facts.ClusterService, a netip.Addr, port facts.ServicePort) want {
	one := want{
		name: fmt.Sprintf("%s/%s", svc.Namespace, svc.Name), addr: a, proto: strings.ToLower(port.Proto), port: port.Port, nodePort: port.NodePort,
		known: map[netip.AddrPort]bool{}, elsewhere: w.otherZones(),
	}
	if port.Name != "" {
		one.name += ":" + port.Name
	}
	for _, e := range svc.Endpoints {
		if e.PortName != port.Name || !strings.EqualFold(e.Proto, port.Proto) || familyOf(e.Addr) != familyOf(a) {
			continue
		}
		one.known[netip.AddrPortFrom(e.Addr, e.Port)] = true
		if !e.Ready {
			continue
		}
		if !svc.InternalLocal || e.Node == w.node.Name {
			one.inner = append(one.inner, e)
		}
		if port.NodePort != 0 && (!svc.ExternalLocal || e.Node == w.node.Name) {
			one.outer = append(one.outer, e)
		}
	}
	return one
}

func (w *planeWalk) otherZones() map[string]bool {
	out := map[string]bool{}
	for _, n := range w.snapshot.Nodes {
		if n.Zone != w.node.Zone {
			out[n.Name] = true
		}
	}
	return out
}

func familyOf(a netip.Addr) facts.Family {
	if a.Unmap().Is4() {
		return facts.IPv4
	}
	return facts.IPv6
}

// title is the address as people write it: "10.96.0.10 UDP 53 (kube-system/kube-dns:dns)".
func (w want) title() string {
	return fmt.Sprintf("%s %s %d (%s)", w.addr, strings.ToUpper(w.proto), w.port, w.name)
}

func (w want) nodePortTitle() string {
	return fmt.Sprintf("NodePort %s %d (%s)", strings.ToUpper(w.proto), w.nodePort, w.name)
}

// compare says what is wrong with the places that a chain leads to.
func (w want) compare(title string, have map[netip.AddrPort]bool, need []facts.Endpoint) []gap {
	var out []gap
	hits := 0
	for _, e := range need {
		if have[netip.AddrPortFrom(e.Addr, e.Port)] {
			hits++
		}
	}
	for _, e := range need {
		to := netip.AddrPortFrom(e.Addr, e.Port)
		if !have[to] && (hits == 0 || !w.elsewhere[e.Node]) {
			out = append(out, gap{text: fmt.Sprintf("%s does not lead to its ready endpoint %s", title, to), addr: to.Addr().String(), partial: true})
		}
	}
	for _, to := range sortedPlaces(have) {
		if !w.known[to] {
			out = append(out, gap{text: fmt.Sprintf("%s still leads to %s, which is none of its endpoints", title, to), addr: to.Addr().String(), partial: true})
		}
	}
	return out
}
