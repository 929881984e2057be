package route

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

// nextHop is what a route to a peer's pods should look like. Text ("by vxlan0
// to 10.244.2.0") and repair are made where they are needed: most routes are right.
type nextHop struct {
	is     func(facts.Route) bool
	text   func() string
	repair func() []check.Remedy
}

// right is the next hop to a peer's pods. With VXLAN each node's tunnel has the
// network address of its pod CIDR, and routes to it are onlink; without a tunnel
// the peer's host is the next hop. What other backends set is not known, only that
// their device must be there and up.
func (w ways) right(peer facts.Node, cidr netip.Prefix) nextHop {
	tunnel, ok := w.tunnels[dataplane.Of(cidr.Addr())]
	backend := dataplane.Backend(w.node)
	switch {
	case backend == "vxlan" || backend == "" && ok && w.net.Model() == cni.NodeTunnel:
		return w.tunnelled(peer, cidr, cmp.Or(tunnel, cni.Of(w.s).TunnelName()))
	case backend == "host-gw" || backend == "":
		return w.direct(peer, cidr)
	default:
		return nextHop{
			is: func(r facts.Route) bool {
				i, found := w.host.Interface(r.Dev)
				return found && i.Up
			},
			text:   func() string { return "by an interface that is up" },
			repair: func() []check.Remedy { return []check.Remedy{peering.RestartCNI(w.s, w.node.Name)} },
		}
	}
}

func (w ways) tunnelled(peer facts.Node, cidr netip.Prefix, dev string) nextHop {
	vtep := cidr.Masked().Addr()
	return nextHop{
		is: func(r facts.Route) bool {
			return r.Dev == dev && (r.Gateway == vtep || slices.Contains(w.ends(peer, dev), r.Gateway)) || w.direct(peer, cidr).is(r)
		},
		text: func() string { return fmt.Sprintf("by %s to %s", dev, vtep) },
		repair: func() []check.Remedy {
			return []check.Remedy{{
				Text: "Set it as " + cni.Of(w.s).Name() + " would", Node: w.node.Name,
				Command: fmt.Sprintf("%s route replace %s via %s dev %s onlink", dataplane.IP(dataplane.Of(vtep)), cidr.Masked(), vtep, dev),
			}}
		},
	}
}

// direct is the way by the peer's host, over the interface that leads there.
func (w ways) direct(peer facts.Node, cidr netip.Prefix) nextHop {
	f := dataplane.Of(cidr.Addr())
	hosts := dataplane.Underlay(peer, f)
	for _, a := range peer.Internal {
		if dataplane.Of(a) == f && !slices.Contains(hosts, a) {
			hosts = append(hosts, a)
		}
	}
	if len(hosts) == 0 {
		return nextHop{
			is:     func(facts.Route) bool { return false },
			text:   func() string { return "to the host of " + peer.Name },
			repair: func() []check.Remedy { return []check.Remedy{peering.RestartCNI(w.s, w.node.Name)} },
		}
	}
	dev := func() string {
		way, _ := w.routes.Route(hosts[0])
		return way.Dev
	}
	return nextHop{
		is: func(r facts.Route) bool {
			if !slices.Contains(hosts, r.Gateway) {
				return w.throughTunnel(r, hosts) || w.throughRouter(r, hosts)
			}
			to, ok := w.routes.Route(r.Gateway)
			return ok && to.Dev == r.Dev
		},
		text: func() string { return fmt.Sprintf("by %s to %s", dev(), hosts[0]) },
		repair: func() []check.Remedy {
			return []check.Remedy{{
				Text: "Set it as " + cni.Of(w.s).Name() + " would", Node: w.node.Name,
				Command: fmt.Sprintf("%s route replace %s via %s dev %s", dataplane.IP(f), cidr.Masked(), hosts[0], dev()),
			}}
		},
	}
}

// ends are the addresses that a peer's device of this name has.
func (w ways) ends(peer facts.Node, dev string) []netip.Addr {
	h, why := dataplane.Seen(w.s, peer.Name)
	if why != "" {
		return nil
	}
	i, _ := h.Interface(dev)
	var out []netip.Addr
	for _, p := range i.Addrs {
		out = append(out, p.Addr())
	}
	return out
}

// throughTunnel: the route leads into a tunnel to the peer alone, by which some
// plugins reach nodes in another subnet.
func (w ways) throughTunnel(r facts.Route, hosts []netip.Addr) bool {
	i, ok := w.host.Interface(r.Dev)
	return ok && i.Up && dataplane.TunnelKind(i.Kind) && slices.Contains(hosts, i.Remote)
}

// throughRouter: the peer is in another subnet, and the next hop is a router that
// is on the way to the peer's host, too.
func (w ways) throughRouter(r facts.Route, hosts []netip.Addr) bool {
	way, ok := w.routes.Route(hosts[0])
	return ok && way.Gateway.IsValid() && way.Gateway == r.Gateway && way.Dev == r.Dev
}
