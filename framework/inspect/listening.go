package inspect

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// heard is what one network namespace says: its addresses, and the sockets that
// hold an asked port.
type heard struct {
	addrs []netip.Addr
	bound []socket
	sole  process // the only one in the network, where there is but one
}

// answersTo tells for each question where the pod's sockets listen. The pod is
// found by its address among the network namespaces of all processes.
func answersTo(asked []facts.Listening, all []heard, o owners) []facts.Listening {
	var out []facts.Listening
	for _, a := range asked {
		at := slices.IndexFunc(all, func(h heard) bool { return slices.Contains(h.addrs, a.Addr) })
		if at < 0 {
			a.NotRun = "no process on this node has a network with this address"
			out = append(out, a)
			continue
		}
		for _, s := range all[at].bound {
			if s.proto != a.Proto || s.local.Port() != a.Port {
				continue
			}
			if !slices.Contains(a.Bound, s.local.Addr()) {
				a.Bound = append(a.Bound, s.local.Addr())
			}
			if p, _ := o.in(s.inode, all[at].sole); a.Process == "" {
				a.Process = p.name
			}
		}
		slices.SortFunc(a.Bound, netip.Addr.Compare)
		out = append(out, a)
	}
	return out
}
