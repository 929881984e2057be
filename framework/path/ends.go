package path

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// end is where a flow begins or ends.
type end struct {
	kind  Kind   // PodPort (a pod), Host or Outside
	node  string // empty outside
	addrs []netip.Addr
	port  uint16
}

func (e end) is(a netip.Addr) bool { return slices.Contains(e.addrs, a) }

// builder holds what the parts of building share.
type builder struct {
	s      *facts.Snapshot
	t      facts.Trace
	family facts.Family
	hosts  map[string]*host

	from end
	// target is the address that was asked; service says whether a data plane
	// translates it, entry whose NodePort it is.
	target  netip.AddrPort
	service bool
	entry   string
	// backends are all that the target may be translated to; to is the one whose
	// way is told, with kind "" where none is known.
	backends []end
	to       end
	// elsewhere are packets of other backends.
	elsewhere map[packetID]bool
	// failed are the connections whose way is told; nil for all.
	failed *focus
	// net is the pod network; nil until it is asked for.
	net *dataplane.Network
	// askers are the ports from which the flow's requests came.
	askers map[uint16]bool
}

func newBuilder(s *facts.Snapshot, t facts.Trace) *builder {
	b := &builder{s: s, t: t, family: dataplane.Of(t.To.Addr), hosts: map[string]*host{}, target: netip.AddrPortFrom(t.To.Addr.Unmap(), t.To.Port)}
	b.from = b.sender()
	b.findService()
	b.failed = b.newFocus()
	b.choose()
	b.elsewhere = b.others()
	b.askers = b.asking()
	return b
}

func (b *builder) host(name string) *host {
	h, ok := b.hosts[name]
	if !ok {
		h = newHost(b.s, name, b.t.Watches)
		b.hosts[name] = h
	}
	return h
}

func (b *builder) sender() end {
	n := b.s.Node(b.t.From.Node)
	if n == nil {
		e := end{kind: Outside, node: b.t.From.Node, addrs: b.ownAddrs()}
		if e.node != "" {
			e.kind = Host
		}
		return e
	}
	switch b.t.From.Kind {
	case facts.FromPod:
		return end{kind: PodPort, node: n.Name, addrs: n.PodAgent.Addrs}
	case facts.FromRuntime:
		for _, a := range n.RuntimeAgents {
			if a.Class == b.t.From.Class {
				return end{kind: PodPort, node: n.Name, addrs: a.Agent.Addrs}
			}
		}
		return end{kind: PodPort, node: n.Name}
	case facts.FromHost:
		return end{kind: Host, node: n.Name, addrs: n.Internal}
	case facts.FromRunner:
	}
	return end{kind: Outside}
}

// ownAddrs are the addresses that the sender's own sockets had.
func (b *builder) ownAddrs() []netip.Addr {
	var out []netip.Addr
	for _, a := range b.t.Attempts {
		if own := a.Local.Addr().Unmap(); own.IsValid() && !slices.Contains(out, own) {
			out = append(out, own)
		}
	}
	return out
}

// findService finds what the target may be translated to.
func (b *builder) findService() {
	via := b.proto()
	for _, svc := range b.s.Cluster.Services {
		for _, p := range svc.Ports {
			proto := strings.ToLower(p.Proto)
			node := b.nodeOf(b.target.Addr())
			own := slices.Contains(svc.Addrs, b.target.Addr()) && p.Port == b.target.Port() && !svc.Headless
			nodePort := node != "" && p.NodePort != 0 && p.NodePort == b.target.Port()
			if proto != via || !own && !nodePort {
				continue
			}
			b.service = true
			if nodePort {
				b.entry = node
			}
			for _, e := range svc.Endpoints {
				if e.PortName == p.Name && strings.ToLower(e.Proto) == via && dataplane.Of(e.Addr) == b.family {
					b.backends = append(b.backends, b.endAt(e.Addr, e.Port, e.Node))
				}
			}
		}
	}
	if b.service || !b.t.Flow.ThroughService() {
		return
	}
	b.service = true
	if b.t.Flow.To == facts.ToNodePort || b.t.Flow.To == facts.ToNodePortLocal {
		b.entry = b.nodeOf(b.target.Addr())
	}
	for _, peer := range b.t.To.Peers {
		if kind, node, _ := strings.Cut(peer, "/"); kind == "pod" {
			b.backends = append(b.backends, b.probePod(node))
		}
	}
}

// probePod is the suite's own backend on a node.
func (b *builder) probePod(node string) end {
	e := end{kind: PodPort, node: node}
	if n := b.s.Node(node); n != nil {
		e.addrs, e.port = n.PodAgent.Addrs, n.PodAgent.Ports.TCP
		if b.proto() == "udp" {
			e.port = n.PodAgent.Ports.UDP
		}
	}
	return e
}

// nodeOf is the node one of whose addresses it is; "" where none has it.
func (b *builder) nodeOf(a netip.Addr) string {
	for _, n := range b.s.Nodes {
		if slices.Contains(n.Internal, a) || n.Published != nil && slices.Contains(n.Published.Addrs, a) {
			return n.Name
		}
	}
	for _, n := range b.s.Nodes {
		if b.host(n.Name).owns(a) {
			return n.Name
		}
	}
	return ""
}

// endAt says what is at an address.
func (b *builder) endAt(a netip.Addr, port uint16, node string) end {
	e := end{kind: PodPort, addrs: []netip.Addr{a}, port: port}
	if b.s.Node(node) != nil {
		e.node = node
	}
	if owner := b.nodeOf(a); owner != "" {
		e.kind, e.node = Host, owner
		return e
	}
	if e.node == "" {
		e.node = b.network().NodeOf(a)
	}
	if e.node == "" {
		e.kind = Outside
	}
	return e
}

// proto is tcp, udp or icmp.
func (b *builder) proto() string {
	switch b.t.Flow.Via {
	case facts.UDP, facts.DNSUDP, facts.PMTU, facts.Over, facts.Record, facts.Race, facts.Big, facts.Tunnel:
		return "udp"
	case facts.ICMP, facts.ARP:
		return "icmp"
	case facts.TCP, facts.TLS, facts.DNSTCP, facts.Closed, facts.Series, facts.HTTP, facts.Bulk, facts.Sticky, facts.Connect:
	}
	return "tcp"
}

// title names the ends for people.
func (b *builder) title() string {
	from := b.t.From.String()
	if b.from.kind == Outside {
		from = "outside"
	}
	to := b.t.To.ID
	if to == "" || to == "service" || to == "dns" || to == "api" {
		to = strings.TrimSpace(to + " " + addrText(b.target))
		if b.t.To.ID != "" {
			to = b.t.To.ID + " (" + addrText(b.target) + ")"
		}
	}
	port := ""
	if b.target.Port() != 0 && b.proto() != "icmp" {
		port = fmt.Sprintf(" port %d", b.target.Port())
	}
	return fmt.Sprintf("%s → %s, %s%s", from, to, strings.ToUpper(b.proto()), port)
}

// addrText leaves out a port that there is not.
func addrText(a netip.AddrPort) string {
	switch {
	case !a.IsValid():
		return "?"
	case a.Port() == 0:
		return a.Addr().String()
	}
	return a.String()
}
