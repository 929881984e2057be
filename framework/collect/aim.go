package collect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// traceOf makes the flow that was asked for, once the agents are in place.
func (c *Collector) traceOf(from facts.Vantage, to endpoint, a Asked) (facts.Trace, error) {
	t := facts.Trace{ID: "1", From: from, Flow: facts.Flow{From: from.Kind, Look: facts.Main}}
	var err error
	switch to.kind {
	case endService:
		t.Flow.To, t.To, err = c.aimAtService(to, a, c.familyOf(from, to.service.Addrs))
	case endNode:
		n := c.snapshot.Node(to.node)
		t.Flow.To, t.To = facts.ToHost, facts.Target{ID: "host/" + n.Name, Node: n.Name, Addr: first(n.Internal, c.familyOf(from, n.Internal))}
	case endProbe:
		n := c.snapshot.Node(to.node)
		t.Flow.To, t.To = facts.ToPod, facts.Target{ID: "pod/" + n.Name, Node: n.Name, Addr: first(n.PodAgent.Addrs, c.familyOf(from, n.PodAgent.Addrs))}
	case endPod:
		t.Flow.To, t.To = facts.ToPod, facts.Target{ID: to.text, Node: to.node, Addr: first(to.addrs, c.familyOf(from, to.addrs))}
	case endAddress:
		t.Flow.To, t.To = facts.ToEgress, facts.Target{ID: to.text, Node: c.nodeAt(to.addrs[0]), Addr: to.addrs[0]}
	}
	if err != nil {
		return t, err
	}
	if !t.To.Addr.IsValid() || !first(c.addrsOf(from), familyOf(t.To.Addr)).IsValid() {
		return t, &SelectionError{fmt.Sprintf("%s and %s have no address of the same family", a.From, a.To)}
	}
	t.Flow.Family = familyOf(t.To.Addr)
	return t, c.way(&t, to, a)
}

// way decides how the target is asked: the suite's own agents echo, others are
// only connected to.
func (c *Collector) way(t *facts.Trace, to endpoint, a Asked) error {
	ports := c.ownPorts(to)
	proto := a.Proto
	if proto == "" {
		proto = "icmp"
		if a.Port != 0 || t.To.Port != 0 || ports.TCP != 0 {
			proto = "tcp"
		}
	}
	if a.Port != 0 && t.To.Port == 0 {
		t.To.Port = a.Port
	}
	own := t.To.Port == 0
	switch proto {
	case "icmp":
		t.Flow.Via, t.To.Port = facts.ICMP, 0
	case "tcp":
		t.Flow.Via = facts.Closed // connects, and says nothing
		if own {
			t.Flow.Via, t.To.Port = facts.TCP, ports.TCP
		}
	case "udp":
		t.Flow.Via = facts.UDP
		if own {
			t.To.Port = ports.UDP
		} else if t.To.Port == dnsPort {
			t.Flow.Via, t.To.Name = facts.DNSUDP, c.dnsName()
		}
	}
	if proto != "icmp" && t.To.Port == 0 {
		return &SelectionError{fmt.Sprintf("%s has no port of its own to ask by %s: give one with --port", a.To, proto)}
	}
	if own && t.To.Port != 0 {
		t.To.Peers = []string{t.To.ID}
	}
	return nil
}

const dnsPort = 53

// dnsName is a name that every cluster DNS has to know.
func (c *Collector) dnsName() string {
	domain := c.snapshot.Cluster.Domain
	if domain == "" {
		domain = "cluster.local"
	}
	return "kubernetes.default.svc." + domain + "."
}

// ownPorts are those of the suite's agent at an end, where there is one.
func (c *Collector) ownPorts(to endpoint) facts.Ports {
	switch to.kind {
	case endNode:
		return c.snapshot.Node(to.node).NodeAgent.Ports
	case endProbe:
		return c.snapshot.Node(to.node).PodAgent.Ports
	case endPod, endService, endAddress:
	}
	return facts.Ports{}
}

func (c *Collector) aimAtService(to endpoint, a Asked, f facts.Family) (facts.TargetKind, facts.Target, error) {
	s := to.service
	i := slices.IndexFunc(s.Ports, func(p facts.ServicePort) bool {
		return (a.Port == 0 || p.Port == a.Port) && strings.EqualFold(p.Proto, wanted(a.Proto))
	})
	if i < 0 {
		return "", facts.Target{}, &SelectionError{fmt.Sprintf("%s has no such port for %s (it has %s)", a.To, wanted(a.Proto), portsText(s))}
	}
	p := s.Ports[i]
	if a.Entry == "" {
		return facts.ToClusterIP, facts.Target{ID: a.To, Addr: first(s.Addrs, f), Port: p.Port}, nil
	}
	if p.NodePort == 0 {
		return "", facts.Target{}, &SelectionError{fmt.Sprintf("%s has no NodePort (%s)", a.To, portsText(s))}
	}
	n := c.snapshot.Node(a.Entry)
	return facts.ToNodePort, facts.Target{ID: "nodePort/" + n.Name, Node: n.Name, Addr: first(n.Internal, f), Port: p.NodePort, AnyPeer: true}, nil
}

func wanted(proto string) string {
	if proto == "" {
		return "tcp"
	}
	return proto
}

func portsText(s facts.ClusterService) string {
	var out []string
	for _, p := range s.Ports {
		text := fmt.Sprintf("%d/%s", p.Port, strings.ToLower(p.Proto))
		if p.NodePort != 0 {
			text += fmt.Sprintf(" with NodePort %d", p.NodePort)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// familyOf is the family that both ends have, IPv4 where both have both.
func (c *Collector) familyOf(from facts.Vantage, to []netip.Addr) facts.Family {
	if first(c.addrsOf(from), facts.IPv4).IsValid() && first(to, facts.IPv4).IsValid() {
		return facts.IPv4
	}
	return facts.IPv6
}

// addrsOf are the addresses that a vantage sends from.
func (c *Collector) addrsOf(v facts.Vantage) []netip.Addr {
	n := c.snapshot.Node(v.Node)
	if v.Kind == facts.FromPod && len(n.PodAgent.Addrs) > 0 {
		return n.PodAgent.Addrs
	}
	return n.Internal
}

func familyOf(a netip.Addr) facts.Family {
	if a.Unmap().Is4() {
		return facts.IPv4
	}
	return facts.IPv6
}

func first(addrs []netip.Addr, f facts.Family) netip.Addr {
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return familyOf(a) == f })
	if i < 0 {
		return netip.Addr{}
	}
	return addrs[i]
}
