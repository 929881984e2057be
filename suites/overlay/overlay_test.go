package overlay_test

import (
	"flag"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/overlay"
)

var update = flag.Bool("update", false, "write the recordings anew")

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func both(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	change(s.Host(node, facts.First))
	change(s.Host(node, facts.Last))
}

func spoiled(change func(*facts.Snapshot)) *facts.Snapshot {
	s := factstest.Healthy(3)
	if change != nil {
		change(s)
	}
	return s
}

// trimmed leaves what the checks of tunnels read.
func trimmed(s *facts.Snapshot, keep ...string) *facts.Snapshot {
	factstest.Keep(s, keep...)
	s.Further, s.Cluster.Services, s.Cluster.DNSPods, s.Cluster.KubeProxy, s.Cluster.CNILogs = nil, nil, nil, nil, nil
	s.Cluster.CNIPodsLast = nil
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Conditions, n.PodAgent.Startup, n.PodAgent.ResolvConf = nil, nil, nil
	}
	for i := range s.Hosts {
		h := s.Hosts[i]
		s.Hosts[i] = facts.HostLook{
			Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, Routes: h.Routes,
			Neighbors: h.Neighbors, FDB: h.FDB, Counters: h.Counters, Sockets: h.Sockets,
		}
	}
	return s
}

func gone(node string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for _, look := range []facts.Look{facts.First, facts.Last} {
			*s.Host(node, look) = facts.HostLook{Node: node, Look: look, NotRun: "exec: the kubelet did not answer"}
		}
	}
}

func change(node, name string, to func(*facts.Interface)) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		both(s, node, func(h *facts.HostLook) {
			i := slices.IndexFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == name })
			to(&h.Interfaces[i])
		})
	}
}

// hostGW makes of the VXLAN cluster one without tunnels.
func hostGW(s *facts.Snapshot) {
	for i := range s.Nodes {
		s.Nodes[i].Published = &facts.Published{Backend: "host-gw", Addrs: s.Nodes[i].Internal}
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "flannel.1" })
		h.FDB = nil
		h.Neighbors = slices.DeleteFunc(h.Neighbors, func(n facts.Neighbor) bool { return n.Dev == "flannel.1" })
	}
}

// sixToo gives every node a tunnel of its own for IPv6, as flannel does.
func sixToo(s *facts.Snapshot) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Published.Addrs = n.Internal
		n.Published.MAC6 = "02:66:00:00:00:" + n.NodeAgent.MAC[15:]
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		n := s.Node(h.Node)
		v4, _ := h.Interface("flannel.1")
		v6 := facts.Interface{Name: "flannel-v6.1", Kind: "vxlan", MTU: 1430, Up: true, MAC: n.Published.MAC6, Vxlan: &facts.Vxlan{VNI: 1, Port: 8472, Local: n.Internal[1]}}
		at := slices.IndexFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "flannel.1" })
		h.Interfaces[at].Addrs, v6.Addrs = v4.Addrs[:1], v4.Addrs[1:]
		h.Interfaces = append(h.Interfaces, v6)
		for j := range h.Neighbors {
			if e := &h.Neighbors[j]; e.Dev == "flannel.1" && e.Addr.Is6() {
				e.Dev, e.MAC = v6.Name, "02:66:00:00:00:"+e.MAC[15:]
			}
		}
		for _, peer := range s.Nodes {
			if peer.Name != n.Name {
				h.FDB = append(h.FDB, facts.FDBEntry{MAC: "02:66:00:00:00:" + peer.NodeAgent.MAC[15:], Dev: v6.Name, Dst: peer.Internal[1], State: "permanent"})
			}
		}
	}
}

func TestHealthyClustersPass(t *testing.T) {
	six := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	sixToo(six)
	excluded := factstest.Healthy(4)
	excluded.Node("n4").Excluded = "cordoned"
	unseen := factstest.Healthy(4)
	unseen.Node("n4").Excluded = "not ready"
	unseen.Hosts = slices.DeleteFunc(unseen.Hosts, func(h facts.HostLook) bool { return h.Node == "n4" })
	factstest.Passes(t, overlay.All(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "ten nodes": factstest.Healthy(10), "IPv6 alone": factstest.Healthy(3, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "a tunnel for IPv6": six, "an excluded node": excluded, "an excluded node that nobody looked at": unseen,
	})
}

func TestWhatDoesNotApplyIsSkipped(t *testing.T) {
	one, unprivileged, gw, cilium := factstest.Healthy(1), factstest.Healthy(3), factstest.Healthy(3), factstest.Healthy(3)
	unprivileged.Run.Unprivileged, unprivileged.Hosts = true, nil
	hostGW(gw)
	hostGW(cilium)
	cilium.Cluster.CNI = "cilium"
	for i := range cilium.Nodes {
		cilium.Nodes[i].Published = nil
	}
	for name, c := range map[string]struct {
		s      *facts.Snapshot
		checks []check.Check
	}{
		"one node":     {one, []check.Check{overlay.Neighbor(), overlay.FDB(), overlay.Port()}},
		"unprivileged": {unprivileged, overlay.All()},
		"host-gw":      {gw, []check.Check{overlay.LocalAddress(), overlay.Neighbor(), overlay.FDB(), overlay.Port(), overlay.Checksum()}},
		"cilium":       {cilium, []check.Check{overlay.LocalAddress(), overlay.Neighbor(), overlay.FDB(), overlay.Port(), overlay.Checksum()}},
	} {
		for _, k := range c.checks {
			if r := k.Evaluate(c.s); r.Verdict != check.Skip || r.Why == "" {
				t.Errorf("%s, %s: %s %s %+v", name, k.ID, r.Verdict, r.Why, r.Findings)
			}
		}
	}
}

func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		fail  func(*facts.Snapshot)
		keep  []string
	}{
		{overlay.LocalAddress(), twoAddresses, nil},
		{overlay.Neighbor(), wrongNeighbor, nil},
		{overlay.FDB(), wrongFDB, nil},
		{overlay.Port(), blocked, []string{"host>tunnel", "host>host/udp"}},
		{overlay.Leftover(), tunl0, nil},
		{overlay.Checksum(), slowAnswers, []string{"host>clusterIP/tcp"}},
		{overlay.PodMAC(), podMAC, nil},
	} {
		unknown := trimmed(spoiled(gone("n2")), c.keep...)
		if c.check.ID == "overlay/port" {
			factstest.Silence(unknown, tunnelKey, "host/n2", "exec: the kubelet did not answer")
		}
		factstest.Recordings(t, c.check, *update, trimmed(spoiled(nil), c.keep...), trimmed(spoiled(c.fail), c.keep...), unknown)
	}
}
