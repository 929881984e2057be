package firewall

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// nodeWalk follows representative packets through one node's rules.
type nodeWalk struct {
	snapshot *facts.Snapshot
	node     facts.Node
	ranges   ranges
	// exact: the addresses of the probe pods are followed where they exist already,
	// and not the ranges of all pods.
	exact   bool
	pods    podsOf // at the look that is walked
	stops   []*stopped
	unknown []string // why a look could not be judged
	// follow says what becomes of a packet; Ruleset.Forward where it is nil.
	follow   func(*netfilter.Ruleset, netfilter.Packet) (netfilter.Trace, error)
	packets  int // followed
	possible int // met a rule that may stop them
}

// probe is a packet with what it stands for.
type probe struct {
	netfilter.Packet
	outwards bool
	peers    []facts.Node
}

func (w *nodeWalk) walk(look facts.Look) {
	rules, missing := rulesAt(w.snapshot, w.node.Name, look)
	if missing != "" {
		w.unknown = append(w.unknown, missing)
		return
	}
	host := w.snapshot.Host(w.node.Name, look)
	w.pods = w.ranges.at(*host)
	if w.exact && look != facts.First {
		w.pods = w.ranges.probed
	}
	for _, family := range w.snapshot.Cluster.Families {
		own := w.pods[family][w.node.Name]
		if len(own) == 0 {
			continue
		}
		local := w.local(*host, own)
		for _, group := range w.byInterface(*host, family) {
			for _, protocol := range []string{"tcp", "udp", "icmp"} {
				for _, outwards := range []bool{true, false} {
					w.split(&rules, look, packet(*host, own, local, group, probe{
						Packet: netfilter.Packet{Family: family, Protocol: protocol}, outwards: outwards,
					}))
				}
			}
		}
	}
}

// local are the interfaces of the node's pods at a look, for the rules of that very
// look. A plugin that makes a port and rules for each pod has none for the probe pod
// at the first one, and the port of another pod has that pod's policies. A bridge is
// made with the first pod, and its name is configured: where there is none yet, that
// of the last look stands for it.
func (w *nodeWalk) local(h facts.HostLook, own []netip.Prefix) []string {
	names := dataplane.Local(h, own)
	if h.Look != facts.First {
		return names
	}
	names = slices.DeleteFunc(names, func(dev string) bool { return onePod(h, dev) })
	last := w.snapshot.Host(w.node.Name, facts.Last)
	if len(names) > 0 || last == nil || last.NotRun != "" {
		return names
	}
	if later := dataplane.Local(*last, own); bridged(*last, later) {
		return later
	}
	return nil
}

// onePod: all that leads to an interface are routes to single addresses.
func onePod(h facts.HostLook, dev string) bool {
	return !slices.ContainsFunc(dataplane.Main(h), func(r facts.Route) bool {
		return r.Dev == dev && r.Dst.IsValid() && !r.Dst.IsSingleIP()
	})
}

// peersOn are peers behind one interface: the same rules see them in the same place.
type peersOn struct {
	dev   string
	peers []facts.Node
}

// byInterface groups the other nodes. A node that is alone is its own peer: from
// pod to pod on its bridge, packets meet the same rules (br_netfilter).
func (w *nodeWalk) byInterface(h facts.HostLook, family facts.Family) []peersOn {
	routes := dataplane.RoutesOf(h)
	alone := len(w.snapshot.Nodes) == 1
	var out []peersOn
	for _, peer := range w.snapshot.Nodes {
		pods := w.pods[family][peer.Name]
		if peer.Name == w.node.Name && !alone || len(pods) == 0 {
			continue
		}
		dev := routes.Towards(pods[0])
		i := slices.IndexFunc(out, func(p peersOn) bool { return p.dev == dev })
		if i < 0 {
			out, i = append(out, peersOn{dev: dev}), len(out)
		}
		out[i].peers = append(out[i].peers, peer)
	}
	return out
}

// packet fills in addresses and interfaces for one direction.
func packet(h facts.HostLook, own []netip.Prefix, inside []string, on peersOn, p probe) probe {
	p.peers = on.peers
	outside := []string(nil)
	if on.dev != "" {
		outside = []string{on.dev}
	}
	p.Src, p.In, p.Out = own, inside, outside
	if !p.outwards {
		p.Dst, p.In, p.Out = own, outside, inside
	}
	if !slices.Equal(inside, outside) { // between two ports of one bridge nothing goes up to the host
		p.FromBridge, p.ToBridge = bridged(h, p.In), bridged(h, p.Out)
	}
	return p
}

// bridged: all of the interfaces are bridges.
func bridged(h facts.HostLook, names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		i, known := h.Interface(name)
		return !known || i.Kind != "bridge"
	})
}

// split follows a packet that stands for all peers; where the answer differs
// between their addresses, it asks again for each half of them.
func (w *nodeWalk) split(rules *netfilter.Ruleset, look facts.Look, p probe) {
	var theirs []netip.Prefix
	for _, peer := range p.peers {
		theirs = append(theirs, w.pods[p.Family][peer.Name]...)
	}
	ask := p
	if p.outwards {
		ask.Dst = theirs
	} else {
		ask.Src = theirs
	}
	follow := w.follow
	if follow == nil {
		follow = (*netfilter.Ruleset).Forward
	}
	trace, err := follow(rules, ask.Packet)
	if err != nil {
		w.unknown = append(w.unknown, err.Error())
		return
	}
	if trace.Certain == nil && trace.Straddled && len(p.peers) > 1 {
		for _, half := range [][]facts.Node{p.peers[:len(p.peers)/2], p.peers[len(p.peers)/2:]} {
			part := p
			part.peers = half
			w.split(rules, look, part)
		}
		return
	}
	w.packets++
	switch {
	case trace.Certain != nil:
		w.note(look, placeOf(*trace.Certain, rules), ask)
	case len(trace.Possible) > 0:
		w.possible++
	}
}

func (w *nodeWalk) note(look facts.Look, at place, p probe) {
	i := slices.IndexFunc(w.stops, func(s *stopped) bool { return s.same(at) })
	if i < 0 {
		w.stops, i = append(w.stops, &stopped{place: at, breaks: breaks{node: w.node.Name}}), len(w.stops)
	}
	w.stops[i].place = at // the position as it was last
	w.stops[i].add(look, p)
}
