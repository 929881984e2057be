package kernel

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed arp_cache.md
var arpCacheDoc string

// fullFrom is the share of a table's limit, in per cent, from which it is called nearly full.
const fullFrom = 80

// ARPCache promises room in the neighbour tables.
func ARPCache() check.Check {
	return check.Check{
		ID:       "kernel/arp-cache",
		Promise:  "The neighbour tables have room for the cluster, and did not overflow.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      arpCacheDoc,
		Evaluate: arpCache,
	}
}

// gcThresh is the setting that limits the table of a family. The kernel does not show it
// in network namespaces of other users than the first (net/core/neighbour.c).
func gcThresh(f facts.Family) string { return fmt.Sprintf("net.%s.neigh.default.gc_thresh3", f) }

func arpCache(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var found []symptom.Symptom
	hidden := 0
	for _, n := range nodes {
		first, last, missing := symptom.Looks(s, n.Name)
		if first == nil || last == nil {
			found = append(found, symptom.Unknown(n.Name, missing))
			continue
		}
		if limitsHidden(first) && limitsHidden(last) {
			if over := overflowed(s, n.Name, first, last); over != nil {
				found = append(found, over...)
				continue
			}
			hidden++
			found = append(found, symptom.Unknown(n.Name, "the limits of the neighbour tables are not shown in this node's network namespace: they are the machine's"))
			continue
		}
		for _, f := range s.Cluster.Families {
			found = append(found, neighborTable(s, n.Name, f, first, last)...)
		}
	}
	if hidden == len(nodes) {
		return check.Skipf("the nodes are containers: the neighbour tables are limited by the machine below, whose settings they do not see")
	}
	findings := symptom.Findings(found)
	return check.Conclude(fmt.Sprintf("the neighbour tables of %d of %d nodes have room", check.Clean(nodes, findings), len(nodes)), findings)
}

// limitsHidden: settings could be read, but none of these.
func limitsHidden(h *facts.HostLook) bool {
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if _, limit := h.Sysctls[gcThresh(f)]; limit {
			return false
		}
	}
	return len(h.Sysctls) > 0
}

// overflowed are the tables whose overflow was counted during the run, whatever their limit is.
func overflowed(s *facts.Snapshot, node string, first, last *facts.HostLook) []symptom.Symptom {
	var out []symptom.Symptom
	for _, f := range s.Cluster.Families {
		g, ok := symptom.Of(first, last, overflows(f))
		if !ok || g.By() <= 0 {
			continue
		}
		need := max(entries(s, first, f), entries(s, last, f))
		out = append(out, symptom.Symptom{
			Node: node, Thing: string(f), Weight: int64(need) + g.By(), Verdict: check.Fail, Kind: "overflow",
			Says:     fmt.Sprintf("the neighbour table overflowed while the probes ran (%s): packets to addresses without an entry are dropped", g),
			Evidence: []check.Evidence{g.Evidence()}, Remedy: moreNeighbors(s, node, f, max(8192, 4*need)),
		})
	}
	return out
}

func overflows(f facts.Family) string {
	if f == facts.IPv6 {
		return "neigh.nd.table_fulls"
	}
	return "neigh.arp.table_fulls"
}

func neighborTable(s *facts.Snapshot, node string, f facts.Family, first, last *facts.HostLook) []symptom.Symptom {
	limit, err := strconv.Atoi(strings.TrimSpace(last.Sysctls[gcThresh(f)]))
	if err != nil || limit <= 0 {
		return []symptom.Symptom{symptom.Unknown(node, gcThresh(f)+" could not be read")}
	}
	g, ok := symptom.Of(first, last, overflows(f))
	if !ok {
		return []symptom.Symptom{symptom.Unknown(node, "the counter "+overflows(f)+" could not be read at both looks")}
	}
	need := max(entries(s, first, f), entries(s, last, f))
	out := symptom.Symptom{
		Node: node, Thing: string(f), Weight: int64(need) + g.By(),
		Evidence: []check.Evidence{
			g.Evidence(),
			{Node: node, Source: "sysctl " + gcThresh(f), Text: strconv.Itoa(limit)},
			{Node: node, Source: "neighbour table, and peers on the link", Text: strconv.Itoa(need)},
		},
		Remedy: moreNeighbors(s, node, f, max(8192, 4*need)),
	}
	switch {
	case g.By() > 0:
		out.Verdict, out.Kind = check.Fail, "overflow"
		out.Says = fmt.Sprintf("the neighbour table overflowed while the probes ran (%s; %d entries needed, limit %d): packets to addresses without an entry are dropped", g, need, limit)
	case need*100 > limit*fullFrom:
		out.Verdict, out.Kind = check.Warn, "room"
		out.Says = fmt.Sprintf("the neighbour table needs %d of %d entries; when it is full, packets to addresses without an entry are dropped", need, limit)
	default:
		return nil
	}
	return []symptom.Symptom{out}
}

// entries are what counts against the limit: those there are, and the nodes on
// the links of this one which are not among them yet. Since Linux 5.0 permanent
// entries, such as those of a tunnel, do not count (net/core/neighbour.c).
func entries(s *facts.Snapshot, h *facts.HostLook, f facts.Family) int {
	major, err := strconv.Atoi(strings.SplitN(h.Kernel, ".", 2)[0])
	exempt := err != nil || major >= 5
	seen := map[netip.Addr]bool{}
	n := 0
	for _, e := range h.Neighbors {
		if dataplane.Of(e.Addr) != f || exempt && (e.State == "permanent" || e.State == "noarp") {
			continue
		}
		n++
		seen[e.Addr] = true
	}
	for _, peer := range s.Nodes {
		for _, a := range peer.Internal {
			if peer.Name != h.Node && dataplane.Of(a) == f && !seen[a] && onLink(h, a) {
				n++
			}
		}
	}
	return n
}

func onLink(h *facts.HostLook, a netip.Addr) bool {
	for _, i := range h.Interfaces {
		for _, p := range i.Addrs {
			if p.Contains(a) {
				return true
			}
		}
	}
	return false
}

// moreNeighbors raises all three limits; the lower two keep their usual share.
func moreNeighbors(s *facts.Snapshot, node string, f facts.Family, limit int) []check.Remedy {
	base := strings.TrimSuffix(gcThresh(f), "3")
	set := []remedies.Setting{
		{Name: base + "1", Value: strconv.Itoa(limit / 8)}, {Name: base + "2", Value: strconv.Itoa(limit / 2)}, {Name: base + "3", Value: strconv.Itoa(limit)},
	}
	table := map[facts.Family]string{facts.IPv4: "arp_cache", facts.IPv6: "ndisc_cache"}[f]
	out := append([]check.Remedy{remedies.Set(node, "Raise the limits now", set...)}, remedies.Keep(s, node, "neighbours-"+string(f), set...)...)
	return append(out, remedies.Still(node, "that the table does not overflow any more (its count of that, for each CPU)",
		fmt.Sprintf("awk '{print $NF}' /proc/net/stat/%s | xargs", table)))
}
