package kernel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// The tables that every host has (linux/rtnetlink.h: default, main, local).
const (
	firstOwnTable = 253
	lastOwnTable  = 255
)

// pathDevices are the interfaces by which IPv4 packets of pods and nodes come in:
// that with the node's address, the bridge of the pods, and those towards the
// peers' pods. An interface of a single pod is none of them: plugins that make one
// for each pod filter it strictly, so that no pod sends in another's name.
func pathDevices(s *facts.Snapshot, n facts.Node, h *facts.HostLook) []string {
	var out []string
	for _, name := range dataplane.Local(*h, dataplane.Pods(n, facts.IPv4)) {
		if i, ok := h.Interface(name); ok && i.Kind == "bridge" {
			out = append(out, name)
		}
	}
	add := func(dev string) {
		if _, ok := h.Interface(dev); ok && !slices.Contains(out, dev) {
			out = append(out, dev)
		}
	}
	add(nicOf(n, h))
	routes := dataplane.RoutesOf(*h)
	for _, peer := range s.Nodes {
		for _, p := range dataplane.Pods(peer, facts.IPv4) {
			if peer.Name != n.Name {
				add(routes.Towards(p))
			}
		}
	}
	return out
}

// nicOf is the interface that holds the node's own IPv4 address.
func nicOf(n facts.Node, h *facts.HostLook) string {
	for _, i := range h.Interfaces {
		for _, p := range i.Addrs {
			if p.Addr().Is4() && slices.Contains(n.Internal, p.Addr()) {
				return i.Name
			}
		}
	}
	return ""
}

// asymmetry says what sends answers out by another interface than a strict one
// which their questions came in by; empty where nothing was seen to.
func asymmetry(s *facts.Snapshot, n facts.Node, h *facts.HostLook, strict []string) string {
	for _, reason := range []string{
		byLookups(s, n, h, strict), byDefaultRoutes(h, strict), byMarks(h),
	} {
		if reason != "" {
			return reason
		}
	}
	return ""
}

// byLookups compares where packets of each peer come in with where the kernel
// sends to that peer: hosts come in at the interface with the node's address, and
// pods by a tunnel where the peer sends them into one.
func byLookups(s *facts.Snapshot, n facts.Node, h *facts.HostLook, strict []string) string {
	nic := nicOf(n, h)
	forwarded := map[netip.Addr]string{}
	for _, l := range h.Lookups {
		if l.Iif != "" && l.Dev != "" {
			forwarded[l.Dst] = l.Dev
		}
	}
	for _, l := range h.Lookups {
		kind, peer, _ := strings.Cut(l.For, "/")
		if l.Iif != "" || l.Dev == "" || l.Dev == "lo" || dataplane.Of(l.Dst) != facts.IPv4 {
			continue
		}
		switch kind {
		case "host":
			if nic != "" && l.Dev != nic && slices.Contains(strict, nic) {
				return fmt.Sprintf("packets of %s come in by %s, while answers to %s leave by %s", peer, nic, l.Dst, l.Dev)
			}
		case "pod":
			if dev := forwarded[l.Dst]; dev != "" && dev != l.Dev && slices.Contains(strict, l.Dev) {
				return fmt.Sprintf("pods' packets to %s (pod of %s) leave by %s, while the route leads to %s", l.Dst, peer, dev, l.Dev)
			}
			if in := arrivesBy(s, n, h, peer); in != "" && in != l.Dev && slices.Contains(strict, in) {
				return fmt.Sprintf("packets of the pods of %s come in by %s, while answers to %s leave by %s", peer, in, l.Dst, l.Dev)
			}
		}
	}
	return ""
}

// arrivesBy is the interface by which packets of a peer's pods come in: the tunnel
// of the kind into which the peer sends them, else the interface with the node's address.
func arrivesBy(s *facts.Snapshot, n facts.Node, h *facts.HostLook, peer string) string {
	there := s.Host(peer, facts.Last)
	if there == nil || there.NotRun != "" {
		return ""
	}
	for _, l := range there.Lookups {
		if l.Iif != "" || l.For != "pod/"+n.Name || dataplane.Of(l.Dst) != facts.IPv4 {
			continue
		}
		out, ok := there.Interface(l.Dev)
		switch {
		case !ok:
			return ""
		case !tunnel(out.Kind):
			return nicOf(n, h)
		}
		if own, ok := h.Interface(l.Dev); ok && own.Kind == out.Kind {
			return own.Name
		}
	}
	return ""
}

func tunnel(kind string) bool {
	return slices.Contains([]string{"vxlan", "ipip", "geneve", "gre", "gretap", "sit", "ip6tnl", "wireguard", "tun"}, kind)
}

// byDefaultRoutes: two default routes by two interfaces; what comes in by the second is answered by the first.
func byDefaultRoutes(h *facts.HostLook, strict []string) string {
	var devs []string
	for _, r := range h.Routes {
		if !r.Dst.IsValid() && r.Family == facts.IPv4 && r.Table == 254 && r.Dev != "" && !slices.Contains(devs, r.Dev) {
			devs = append(devs, r.Dev)
		}
	}
	slices.Sort(devs)
	if len(devs) > 1 && slices.ContainsFunc(devs, func(d string) bool { return slices.Contains(strict, d) }) {
		return "there are default routes by " + strings.Join(devs, " and ")
	}
	return ""
}

// byMarks: a rule that chooses a table by a mark; the filter asks without the mark
// unless src_valid_mark is set, so it may see another way than the packets take.
func byMarks(h *facts.HostLook) string {
	for _, r := range h.Rules {
		if r.Mark != 0 && r.Family == facts.IPv4 && r.Table != 0 && (r.Table < firstOwnTable || r.Table > lastOwnTable) {
			return fmt.Sprintf("routing rule %d sends packets with the mark %#x by table %d", r.Priority, r.Mark, r.Table)
		}
	}
	return ""
}
