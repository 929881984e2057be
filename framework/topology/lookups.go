package topology

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// mostLookups bounds the peers whose way is asked for on one node: those that
// come next in the order of the nodes, so that every node is asked for by as many
// others. The routes themselves are read as a whole.
const mostLookups = 32

// Lookups are the questions to one node's routing: the way to every peer host
// and peer pod as the host itself would send, to pods also as forwarded from the
// node's own probe pod, and to the Services kubernetes and DNS.
func Lookups(s *facts.Snapshot, node string) []facts.Lookup {
	selected := s.Selected()
	at := slices.IndexFunc(selected, func(n facts.Node) bool { return n.Name == node })
	if at < 0 {
		return nil
	}
	own := selected[at]
	var out []facts.Lookup
	for i := 1; i < len(selected) && i <= mostLookups; i++ {
		peer := selected[(at+i)%len(selected)]
		for _, a := range peer.Internal {
			out = append(out, facts.Lookup{Dst: a, For: "host/" + peer.Name})
		}
		for _, a := range peer.PodAgent.Addrs {
			out = append(out, facts.Lookup{Dst: a, For: "pod/" + peer.Name})
			if src, ok := inFamily(own.PodAgent.Addrs, family(a)); ok {
				out = append(out, facts.Lookup{Dst: a, Src: src, Iif: InterfaceOfPods, For: "pod/" + peer.Name})
			}
		}
	}
	for _, service := range []struct {
		id    string
		addrs []netip.AddrPort
	}{{"api", s.Cluster.API}, {"dns", s.Cluster.DNS}} {
		for _, a := range addrsOf(service.addrs) {
			if !slices.ContainsFunc(out, func(l facts.Lookup) bool { return l.Dst == a }) {
				out = append(out, facts.Lookup{Dst: a, For: service.id})
			}
		}
	}
	return out
}

// InterfaceOfPods stands in Lookup.Iif for the interface behind which Src, a pod
// of this node, is; the node agent knows its name and puts that in its place.
const InterfaceOfPods = "@pods"
