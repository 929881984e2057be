package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Network is the pod network of a cluster, as its nodes' interfaces, routes and
// pods show it. Names of plugins and devices only confirm.
type Network struct {
	s      *facts.Snapshot
	plugin cni.Plugin
	// byNode: pods have addresses of their node's spec.podCIDRs.
	byNode map[facts.Family]bool
	pods   map[facts.Family]map[string][]netip.Prefix
	owners owners
	// ends are the nodes that have an address in a block; filled where pods do not keep to their nodes' ranges.
	ends  map[netip.Prefix]string
	model cni.Model
}

// most bounds the nodes whose routes are read to tell how the cluster routes:
// where all nodes are alike, a few tell it.
const most = 16

// NetworkOf reads the pod network out of the facts.
func NetworkOf(s *facts.Snapshot) *Network {
	n := &Network{s: s, plugin: cni.Of(s), byNode: map[facts.Family]bool{}, pods: map[facts.Family]map[string][]netip.Prefix{}}
	known := podAddrs(s)
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		n.byNode[f] = keepsToNode(s, known, f, n.plugin)
		if !n.byNode[f] && n.ends == nil {
			n.ends = endsOf(s, known)
		}
		n.pods[f] = map[string][]netip.Prefix{}
		for _, node := range s.Nodes {
			n.pods[f][node.Name] = n.podsOf(node, known[node.Name], f)
		}
	}
	n.owners = n.index()
	n.model = n.modelOf()
	return n
}

// Plugin is the network plugin; the zero value where it was not recognised.
func (n *Network) Plugin() cni.Plugin { return n.plugin }

// Model is how most nodes reach the pods of other nodes.
func (n *Network) Model() cni.Model { return n.model }

// PerNode says whether every node has one route for each other node's pod CIDR.
func (n *Network) PerNode() bool { return n.model == cni.NodeTunnel || n.model == cni.NodeDirect }

// ByNode says whether pods of a family have addresses of their node's spec.podCIDRs.
func (n *Network) ByNode(f facts.Family) bool { return n.byNode[f] }

// Pods are the prefixes of a node's pods in one family. Empty where nothing is known.
func (n *Network) Pods(node string, f facts.Family) []netip.Prefix { return n.pods[f][node] }

// Ranges are the prefixes in which pods of a family have their addresses: the
// cluster's, where pods keep to their nodes' parts of it, and those of the nodes.
func (n *Network) Ranges(f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range n.s.Cluster.PodCIDRs {
		if Of(p.Addr()) == f && (n.byNode[f] || n.holdsPods(p, f)) {
			out = append(out, p)
		}
	}
	for _, node := range n.s.Nodes {
		for _, p := range n.pods[f][node.Name] {
			if !slices.ContainsFunc(out, func(o netip.Prefix) bool { return o.Bits() <= p.Bits() && o.Contains(p.Addr()) }) {
				out = append(out, p)
			}
		}
	}
	return out
}

// holdsPods: a range that is written somewhere is the pods' where pods lie in it.
func (n *Network) holdsPods(p netip.Prefix, f facts.Family) bool {
	for _, prefixes := range n.pods[f] {
		if slices.ContainsFunc(prefixes, func(own netip.Prefix) bool { return p.Bits() <= own.Bits() && p.Contains(own.Addr()) }) {
			return true
		}
	}
	return false
}

// podAddrs are the addresses of pods that are known, by node: the suite's own,
// the cluster DNS and those behind Services. Pods on the host network have none of their own.
func podAddrs(s *facts.Snapshot) map[string][]netip.Addr {
	out := map[string][]netip.Addr{}
	hosts := map[string][]netip.Addr{}
	for _, n := range s.Nodes {
		hosts[n.Name] = n.Internal
	}
	add := func(node string, addrs ...netip.Addr) {
		own, known := hosts[node]
		for _, a := range addrs {
			if known && a.IsValid() && !slices.Contains(own, a) && !slices.Contains(out[node], a) {
				out[node] = append(out[node], a)
			}
		}
	}
	for _, n := range s.Nodes {
		add(n.Name, n.PodAgent.Addrs...)
		for _, r := range n.RuntimeAgents {
			add(n.Name, r.Agent.Addrs...)
		}
	}
	for _, p := range s.Cluster.DNSPods {
		add(p.Node, p.Addrs...)
	}
	for _, svc := range s.Cluster.Services {
		for _, e := range svc.Endpoints {
			if e.Pod != "" {
				add(e.Node, e.Addr)
			}
		}
	}
	return out
}

// keepsToNode says whether pods have addresses of their node's spec.podCIDRs. The
// API server gives those ranges to nodes whether the plugin uses them or not, so
// the pods' addresses decide; where none is known, the plugin does.
func keepsToNode(s *facts.Snapshot, known map[string][]netip.Addr, f facts.Family, plugin cni.Plugin) bool {
	inside, outside := 0, 0
	for _, n := range s.Nodes {
		cidrs := ofFamily(n.PodCIDRs, f)
		if len(cidrs) == 0 {
			continue
		}
		for _, a := range known[n.Name] {
			switch {
			case Of(a) != f:
			case slices.ContainsFunc(cidrs, func(p netip.Prefix) bool { return p.Contains(a) }):
				inside++
			default:
				outside++
			}
		}
	}
	if inside+outside == 0 {
		return plugin.Can(cni.NodeTunnel) || plugin.Can(cni.NodeDirect)
	}
	if plugin.Known() && (plugin.Can(cni.NodeTunnel) || plugin.Can(cni.NodeDirect)) {
		return true // what lies outside is a fault (node/pod-cidr)
	}
	return inside >= outside
}

func ofFamily(prefixes []netip.Prefix, f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range prefixes {
		if Of(p.Addr()) == f {
			out = append(out, p)
		}
	}
	return out
}

// podsOf gives the prefixes of a node's pods in one family: its pod CIDRs where
// pods keep to them, else the blocks that are the node's; and addresses that lie elsewhere.
func (n *Network) podsOf(node facts.Node, known []netip.Addr, f facts.Family) []netip.Prefix {
	if n.byNode[f] {
		return Pods(node, f)
	}
	out := n.blocksOf(node, known, f)
	for _, a := range known {
		if Of(a) == f && !slices.ContainsFunc(out, func(p netip.Prefix) bool { return p.Contains(a) }) {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}
