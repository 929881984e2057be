package diagnose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// nodeDNSDead is a node-local DNS cache that responds to nobody on its node, while
// the replicas of the cluster DNS are reached from there. A cache that responds to
// its host and not to its pods is none: then something is between them.
func nodeDNSDead(in *input) []claim {
	dead := map[netip.Addr][]string{}
	cached := recognise.Cached(in.facts)
	for _, node := range slices.Sorted(maps.Keys(cached)) {
		for _, a := range cached[node] {
			h := in.heardAt(node, a)
			if h.asked > 0 && h.right == 0 && in.replicaHeard(node) {
				dead[a] = append(dead[a], node)
			}
		}
	}
	var out []claim
	for _, a := range slices.SortedFunc(maps.Keys(dead), netip.Addr.Compare) {
		if c, open := in.deadCache(a, dead[a]); open {
			out = append(out, c)
		}
	}
	return out
}

// heardAt counts the vantages on a node that were answered at a nameserver.
func (in *input) heardAt(node string, a netip.Addr) heardFrom {
	return in.count(node, func(f facts.Flow, t facts.Target) bool {
		return t.Addr == a && f.Look == facts.Main && (f.To == facts.ToNodeDNS || f.To == facts.ToDNSService) &&
			(f.Via == facts.DNSUDP || f.Via == facts.DNSTCP)
	})
}

// replicaHeard says whether a replica of the cluster DNS answers a node; where none
// was asked, nothing speaks against it.
func (in *input) replicaHeard(node string) bool {
	h := in.count(node, func(f facts.Flow, _ facts.Target) bool { return f.To == facts.ToDNSReplica && f.Look == facts.Main })
	return h.asked == 0 || h.right > 0
}

func (in *input) count(node string, matches func(facts.Flow, facts.Target) bool) heardFrom {
	var out heardFrom
	for _, m := range in.facts.Matrices {
		for i, t := range m.Targets {
			if !matches(m.Flow, t) {
				continue
			}
			for _, row := range m.Rows {
				if row.From.Node != node || row.NotRun != "" || i >= len(row.Cells) || row.Cells[i].Outcome == facts.NotRun {
					continue
				}
				out.asked++
				if row.Cells[i].Outcome == facts.OK {
					out.right++
				}
			}
		}
	}
	return out
}

// deadCache claims for the nodes on which the cache at an address is dead; open is
// false where earlier causes stand behind all of it.
func (in *input) deadCache(a netip.Addr, nodes []string) (claim, bool) {
	about := func(f located) bool {
		return slices.ContainsFunc(f.Pairs, func(p check.Pair) bool {
			s, known := in.place(cellOf(f.Finding, p))
			return known && s.to.Addr == a && slices.Contains(nodes, s.from.Node)
		})
	}
	var own []located
	for _, id := range []string{"dns/nameserver", "dns/service"} {
		for _, f := range in.leftOf(id, check.Fail) {
			if about(f) {
				own = append(own, f)
			}
		}
	}
	if len(own) == 0 {
		return claim{}, false
	}
	c := claim{
		nodes: nodes, key: strings.Join(nodes, ",") + "/" + a.String(), leaves: anyhow,
		says: fmt.Sprintf("node-local DNS cache %s does not respond on %s: pods there are given it as nameserver; the cluster DNS responds there",
			a, strings.Join(nodes, ", ")),
		grounds: "the node's own host was refused or got no reply at an address that is the node's own, and replicas of the cluster DNS replied to it",
	}
	_, c.remedy = evidenceOf(own[:1])
	for _, n := range nodes {
		c.evidence = append(c.evidence, in.cacheEvidence(n, a)...)
	}
	c.cell = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		dns := f.To == facts.ToNodeDNS || f.To == facts.ToDNSService || f.To == facts.ToDNSRecord || f.To == facts.ToDNSExternal
		return dns && to.Addr == a && slices.Contains(nodes, from.Node)
	}
	c.finding = func(id string, f check.Finding) bool {
		return isOneOf(own, id, f) || id == startup && f.Verdict != check.Unknown && sameNodes(f, nodes)
	}
	return c, true
}

// cacheEvidence is what the node itself shows of its cache.
func (in *input) cacheEvidence(node string, a netip.Addr) []check.Evidence {
	h := in.heardAt(node, a)
	out := []check.Evidence{{Node: node, Source: "DNS queries to " + a.String(), Text: fmt.Sprintf("%d of %d were answered", h.right, h.asked)}}
	look := in.facts.Host(node, facts.Last)
	if look == nil {
		look = in.facts.Host(node, facts.First)
	}
	if look != nil && look.NotRun == "" && len(look.Interfaces) > 0 {
		text := "no interface holds " + a.String()
		if dev, ok := recognise.LocalDNS(in.facts, node, a); ok {
			text = dev + " holds " + a.String()
		}
		out = append(out, check.Evidence{Node: node, Source: "interfaces", Text: text})
		if look.Sockets != nil && !slices.ContainsFunc(look.Sockets.UDP, func(b facts.BoundSocket) bool {
			return b.Local.Port() == 53 && (b.Local.Addr() == a || b.Local.Addr().IsUnspecified())
		}) {
			out = append(out, check.Evidence{Node: node, Source: "UDP sockets", Text: fmt.Sprintf("none is bound to %s port 53", a)})
		}
	}
	if p, ok := recognise.CachePod(in.facts, node); ok {
		ready := "Ready"
		if !p.Ready {
			ready = "not Ready"
		}
		out = append(out, check.Evidence{Node: node, Source: "pod " + p.Namespace + "/" + p.Name, Text: strings.TrimSpace(p.Phase + ", " + ready + " " + p.Reason)})
	} else if len(in.facts.Cluster.DNSCaches) > 0 {
		cache := in.facts.Cluster.DNSCaches[0]
		out = append(out, check.Evidence{Node: node, Source: "DaemonSet " + cache.Namespace + "/" + cache.Name, Text: "no pod on this node"})
	}
	return out
}
