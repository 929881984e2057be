package recognise

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Nameservers are those that a node's pods are given: its probe pod's resolv.conf,
// else what its kubelet is told; told is false where neither is known.
func Nameservers(s *facts.Snapshot, node string) (list []netip.Addr, told bool) {
	if n := s.Node(node); n != nil && n.PodAgent.ResolvConf != nil && n.PodAgent.ResolvConf.NotRun == "" {
		return nameservers(n.PodAgent.ResolvConf.Text), true
	}
	if h := s.Host(node, facts.First); h != nil && h.Kubelet != nil && len(h.Kubelet.ClusterDNS) > 0 {
		return h.Kubelet.ClusterDNS, true
	}
	return nil, false
}

// nameservers follows resolv.conf(5).
func nameservers(text string) []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(text) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(words[1]); err == nil && !slices.Contains(out, a.Unmap()) {
			out = append(out, a.Unmap())
		}
	}
	return out
}

// AllNameservers are those of the nodes under test, those of most nodes first.
func AllNameservers(s *facts.Snapshot) []netip.Addr {
	nodes := map[netip.Addr]int{}
	var out []netip.Addr
	for _, n := range s.Selected() {
		list, _ := Nameservers(s, n.Name)
		for _, a := range list {
			if nodes[a] == 0 {
				out = append(out, a)
			}
			nodes[a]++
		}
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return nodes[b] - nodes[a] })
	return out
}

// IsService says whether an address is one of the cluster DNS Service.
func IsService(s *facts.Snapshot, a netip.Addr) bool {
	return slices.ContainsFunc(s.Cluster.DNS, func(d netip.AddrPort) bool { return d.Addr() == a })
}

// LocalDNS says on which interface of a node an address sits that pods are given as
// nameserver: a node-local DNS cache brings one up, at an address of its own or at
// that of the DNS Service. kube-proxy's own device holds Services, too, in IPVS mode.
func LocalDNS(s *facts.Snapshot, node string, a netip.Addr) (dev string, ok bool) {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		h := s.Host(node, look)
		if h == nil {
			continue
		}
		for _, i := range h.Interfaces {
			if i.Name != ipvsDevice && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a }) {
				return i.Name, true
			}
		}
	}
	return "", false
}

// Cached are the nodes whose pods are given a node-local DNS cache: a nameserver
// that is no Service of the cluster, or the Service's own address held by the node.
func Cached(s *facts.Snapshot) map[string][]netip.Addr {
	out := map[string][]netip.Addr{}
	for _, n := range s.Selected() {
		list, _ := Nameservers(s, n.Name)
		for _, a := range list {
			if IsCache(s, n.Name, a) {
				out[n.Name] = append(out[n.Name], a)
			}
		}
	}
	return out
}

// IsCache says whether a nameserver of a node's pods is a node-local cache: an
// address that a cache's DaemonSet is told, one that an interface of this node or
// of another one holds, or a link-local one, which leads to no other machine.
func IsCache(s *facts.Snapshot, node string, a netip.Addr) bool {
	if _, held := LocalDNS(s, node, a); held {
		return true
	}
	if IsService(s, a) {
		return false // on this node the Service itself responds
	}
	for _, c := range s.Cluster.DNSCaches {
		if slices.Contains(c.Addrs, a) {
			return true
		}
	}
	return a.IsLinkLocalUnicast() || slices.ContainsFunc(s.Selected(), func(n facts.Node) bool {
		_, held := LocalDNS(s, n.Name, a)
		return held
	})
}

// CachePod is the pod of a node-local DNS cache on a node.
func CachePod(s *facts.Snapshot, node string) (facts.Pod, bool) {
	for _, c := range s.Cluster.DNSCaches {
		for _, p := range c.Pods {
			if p.Node == node {
				return p, true
			}
		}
	}
	return facts.Pod{}, false
}
