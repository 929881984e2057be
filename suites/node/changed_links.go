package node

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// comesWithPods says whether an interface comes and goes with pods, or with IPVS or a
// node-local DNS cache. The one that has the node's own address is none of them.
func (c *comparison) comesWithPods(i facts.Interface) bool {
	if slices.ContainsFunc(c.node.Internal, func(a netip.Addr) bool { return hasAddr(i, a) }) {
		return false
	}
	return dataplane.PodPort(i) || i.Name == "kube-ipvs0" || i.Name == "nodelocaldns"
}

// interfaces compares those that do not belong to pods. A bridge that appears
// or comes up is the CNI's, brought by the node's first pod.
func (c *comparison) interfaces() {
	for _, before := range c.first.Interfaces {
		if c.comesWithPods(before) {
			continue
		}
		after, ok := c.last.Interface(before.Name)
		what := "interface " + before.Name
		switch {
		case !ok:
			c.differs(check.Warn, what, "there", "", "")
			continue
		case before.Up && !after.Up:
			c.differs(c.linkWeight(before), what, "up", "down", "", c.linkSteps(before)...)
		case !before.Up && after.Up && before.Kind != "bridge":
			c.differs(check.Warn, what, "down", "up", "")
		}
		if before.MTU != after.MTU && before.Kind != "bridge" { // a bridge takes the MTU of its ports
			c.differs(check.Warn, "MTU of "+before.Name, fmt.Sprint(before.MTU), fmt.Sprint(after.MTU), "")
		}
		for _, a := range c.node.Internal {
			if hasAddr(before, a) != hasAddr(after, a) {
				c.differs(check.Fail, "address "+a.String()+" on "+before.Name, yes(hasAddr(before, a)), yes(hasAddr(after, a)), "", c.addressSteps(before, a, hasAddr(before, a))...)
			}
		}
	}
	for _, after := range c.last.Interfaces {
		if _, ok := c.first.Interface(after.Name); !ok && !c.comesWithPods(after) && after.Kind != "bridge" && after.Kind != "veth" {
			c.differs(check.Warn, "interface "+after.Name, "", "there", "")
		}
	}
}

// linkWeight: the tunnel and the interface with the node's address carry the pods' traffic.
func (c *comparison) linkWeight(i facts.Interface) check.Verdict {
	if i.Vxlan != nil || slices.ContainsFunc(c.node.Internal, func(a netip.Addr) bool { return hasAddr(i, a) }) {
		return check.Fail
	}
	return check.Warn
}

func hasAddr(i facts.Interface, a netip.Addr) bool {
	return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
}

// routes compares the routes to the other nodes' pod CIDRs, to the node's own,
// and the default route. Finer routes belong to single pods, or to address
// blocks that a CNI hands out when a node's first pod comes.
func (c *comparison) routes() {
	first, last := routesByPrefix(c.first), routesByPrefix(c.last)
	net := dataplane.NetworkOf(c.snapshot)
	for _, n := range c.snapshot.Nodes {
		c.blocks(net, n, first, last)
		for _, cidr := range n.PodCIDRs {
			before, after := routeText(first[cidr]), routeText(last[cidr])
			if before == after || n.Name == c.node.Name && before == "" {
				continue // the node's own comes with its first pod
			}
			means := ""
			if before == "" {
				means = "; nothing of the run sets this route, and before it the node could not reach these pods"
			}
			c.differs(check.Fail, fmt.Sprintf("route to %s (pods of %s)", cidr, n.Name), before, after, means, c.routeSteps(cidr)...)
		}
	}
	for _, f := range c.snapshot.Cluster.Families {
		if before, after := routeText(first[dataplane.Everything(f)]), routeText(last[dataplane.Everything(f)]); before != after {
			c.differs(check.Warn, fmt.Sprintf("default route (%s)", f), before, after, "")
		}
	}
}

// blocks compares the routes to another node's blocks, where its pods do not keep to
// a pod CIDR. A block is taken when a node's first pod comes, so only a route that
// went away counts.
func (c *comparison) blocks(net *dataplane.Network, n facts.Node, first, last map[netip.Prefix][]facts.Route) {
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if n.Name == c.node.Name || net.ByNode(f) {
			continue
		}
		for _, block := range net.Pods(n.Name, f) {
			before, after := routeText(first[block]), routeText(last[block])
			if !block.IsSingleIP() && before != "" && after == "" {
				c.differs(check.Fail, fmt.Sprintf("route to %s (pods of %s)", block, n.Name), before, after, "", c.routeSteps(block)...)
			}
		}
	}
}

func routesByPrefix(h *facts.HostLook) map[netip.Prefix][]facts.Route {
	const localTable = 255
	out := map[netip.Prefix][]facts.Route{}
	for _, r := range h.Routes {
		dst := r.Dst
		if !dst.IsValid() {
			dst = dataplane.Everything(r.Family)
		}
		if r.Table != localTable {
			out[dst] = append(out[dst], r)
		}
	}
	return out
}

func routeText(routes []facts.Route) string {
	var out []string
	for _, r := range routes {
		text := r.Type
		if r.Gateway.IsValid() {
			text += " via " + r.Gateway.String()
		}
		if r.Dev != "" {
			text += " dev " + r.Dev
		}
		if r.Metric != 0 {
			text += fmt.Sprintf(" metric %d", r.Metric)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
