package overlay_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/overlay"
)

const (
	tunnelKey = "host>tunnel/tunnel/ipv4@main"
	udpKey    = "host>host/udp/ipv4@main"
)

// twoAddresses is case 1 of the field reports: a DHCP address beside the static
// one, and the tunnel leaves from it.
func twoAddresses(s *facts.Snapshot) {
	change("n3", "eth0", func(i *facts.Interface) {
		i.Addrs = append(i.Addrs, prefix("10.0.0.228/24"))
		i.Dynamic = append(i.Dynamic, prefix("10.0.0.228/24"))
	})(s)
	change("n3", "flannel.1", func(i *facts.Interface) {
		i.Vxlan = &facts.Vxlan{VNI: 1, Port: 8472, Local: addr("10.0.0.228"), Device: "eth0"}
	})(s)
}

func wrongNeighbor(s *facts.Snapshot) {
	both(s, "n1", func(h *facts.HostLook) {
		for i := range h.Neighbors {
			if h.Neighbors[i].Addr == addr("10.244.3.0") {
				h.Neighbors[i].MAC = "02:de:ad:00:00:03"
			}
		}
	})
}

func wrongFDB(s *facts.Snapshot) {
	both(s, "n1", func(h *facts.HostLook) {
		for i := range h.FDB {
			if h.FDB[i].Dst == addr("10.0.0.13") {
				h.FDB[i].Dst = addr("10.0.0.99")
			}
		}
	})
}

func blocked(s *facts.Snapshot) {
	factstest.Letters(s, tunnelKey, "..T", "...", "...")
}

// tunl0 is case 002: an IPIP leftover with an address of another node's range.
func tunl0(s *facts.Snapshot) {
	both(s, "n1", func(h *facts.HostLook) {
		h.Interfaces = append(h.Interfaces, facts.Interface{Name: "tunl0", Index: 9, Kind: "ipip", MTU: 1480, Addrs: []netip.Prefix{prefix("10.244.3.0/32")}})
		h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == prefix("10.244.3.0/24") })
		h.Routes = append(h.Routes, facts.Route{Dst: prefix("10.244.3.0/26"), Type: "unicast", Table: 254, Family: facts.IPv4})
	})
}

func slowAnswers(s *facts.Snapshot) {
	factstest.Set(s, "host>clusterIP/tcp/ipv4@main", "host/n2", "service", facts.Cell{Outcome: facts.OK, RTT: 1020000}, nil)
	s.Host("n2", facts.Last).Counters["snmp.Udp.InCsumErrors"] = 4
}

func podMAC(s *facts.Snapshot) {
	both(s, "n2", func(h *facts.HostLook) {
		for i := range h.Neighbors {
			if h.Neighbors[i].Addr == addr("10.244.2.2") {
				h.Neighbors[i].MAC, h.Neighbors[i].State = "02:de:ad:00:00:02", "permanent"
			}
		}
	})
}

// unlisted takes the neighbour entries of pods away, and leads to the pods by a device.
func unlisted(s *facts.Snapshot, dev string) {
	for _, n := range s.Nodes {
		pod := n.PodAgent.Addrs[0]
		both(s, n.Name, func(h *facts.HostLook) {
			h.Neighbors = slices.DeleteFunc(h.Neighbors, func(e facts.Neighbor) bool { return e.Addr == pod })
			h.Interfaces = append(h.Interfaces, facts.Interface{Name: "lxc0123", Kind: "veth", Up: true})
			h.Routes = append(h.Routes, facts.Route{Dst: netip.PrefixFrom(pod, 32), Dev: dev, Type: "unicast", Table: 254, Family: facts.IPv4})
		})
	}
}

type spoil struct {
	name    string
	check   check.Check
	verdict check.Verdict
	change  func(*facts.Snapshot)
	says    []string // in the findings, in order; a part of each
}

func portTaken(s *facts.Snapshot) {
	both(s, "n2", func(h *facts.HostLook) {
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "flannel.1" })
		h.Sockets.UDP = []facts.BoundSocket{{Local: netip.MustParseAddrPort("0.0.0.0:8472"), Process: "socat", PID: 4711}}
	})
}

func tunnelSpoils() []spoil {
	return []spoil{
		{"two addresses on one NIC", overlay.LocalAddress(), check.Fail, twoAddresses, []string{"flannel.1 sends from 10.0.0.228, but the network plugin published 10.0.0.13"}},
		{"published with the wrong address", overlay.LocalAddress(), check.Fail, func(s *facts.Snapshot) {
			twoAddresses(s)
			s.Node("n3").Published.Addrs = []netip.Addr{addr("10.0.0.228")}
		}, []string{"the node's InternalIP is 10.0.0.13: answers go elsewhere"}},
		{"a network of its own for pods", overlay.LocalAddress(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) {
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "eth1", Kind: "device", Up: true, Addrs: []netip.Prefix{prefix("192.168.7.13/24")}})
			})
			change("n3", "flannel.1", func(i *facts.Interface) { i.Vxlan = &facts.Vxlan{VNI: 1, Port: 8472, Local: addr("192.168.7.13")} })(s)
			s.Node("n3").Published.Addrs = []netip.Addr{addr("192.168.7.13")}
		}, []string{"on eth1, as published"}},
		{"no look", overlay.LocalAddress(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a wrong MAC", overlay.Neighbor(), check.Fail, wrongNeighbor, []string{"flannel.1 has the MAC 02:de:ad:00:00:03 for 10.244.3.0, but the tunnel device of n3 has 02:00:00:00:01:03"}},
		{"a missing entry", overlay.Neighbor(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) {
				h.Neighbors = slices.DeleteFunc(h.Neighbors, func(n facts.Neighbor) bool { return n.Addr == addr("10.244.3.0") })
			})
		}, []string{"no neighbour entry for 10.244.3.0, the tunnel of n3"}},
		{
			"a device made anew, which nobody was told", overlay.Neighbor(), check.Fail, change("n3", "flannel.1", func(i *facts.Interface) { i.MAC = "02:00:00:00:01:ff" }),
			[]string{"published the MAC 02:00:00:00:01:03", "the tunnel device of n3 has 02:00:00:00:01:ff: it throws such packets away; the same on n2"},
		},
		{"an entry of a node that is gone", overlay.Neighbor(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) {
				h.Neighbors = append(h.Neighbors, facts.Neighbor{Addr: addr("10.244.9.0"), Dev: "flannel.1", MAC: "02:00:00:00:01:09", State: "permanent"})
			})
		}, []string{"for no node of this cluster: 10.244.9.0"}},
		{"an entry that may be dropped", overlay.Neighbor(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) { h.Neighbors[1].State = "stale" })
		}, []string{"is stale, not permanent"}},
		{"a peer that was not looked at is known by what it published", overlay.Neighbor(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a wrong address", overlay.FDB(), check.Fail, wrongFDB, []string{"flannel.1 sends what is for 02:00:00:00:01:03, the tunnel of n3, to 10.0.0.99 instead of 10.0.0.13"}},
		{"no entry for a peer on any node", overlay.FDB(), check.Fail, func(s *facts.Snapshot) {
			for _, node := range []string{"n1", "n2"} {
				both(s, node, func(h *facts.HostLook) {
					h.FDB = slices.DeleteFunc(h.FDB, func(e facts.FDBEntry) bool { return e.Dst == addr("10.0.0.13") })
				})
			}
		}, []string{"no forwarding entry for 02:00:00:00:01:03, the tunnel of n3: packets to its pods are not sent; the same on n2"}},
		{"no look", overlay.FDB(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},
	}
}

func otherSpoils() []spoil {
	return []spoil{
		{"one way blocked, other UDP passes", overlay.Port(), check.Fail, blocked, []string{"only this port is blocked"}},
		{"all UDP blocked", overlay.Port(), check.Fail, func(s *facts.Snapshot) {
			blocked(s)
			factstest.Letters(s, udpKey, "..T", "...", "...")
		}, []string{"so it is not this port alone"}},
		{"something else holds the port", overlay.Port(), check.Fail, portTaken, []string{"the tunnel is not there, though the network plugin works with VXLAN: the process socat (4711) holds its UDP port 8472"}},
		{"a tunnel that is down", overlay.Port(), check.Fail, change("n2", "flannel.1", func(i *facts.Interface) { i.Up = false }), []string{"the tunnel flannel.1 is down"}},
		{"a vantage that did not answer", overlay.Port(), check.Unknown, func(s *facts.Snapshot) {
			factstest.Silence(s, tunnelKey, "host/n2", "exec failed")
		}, []string{"exec failed"}},

		{"tunl0 with an address of another node", overlay.Leftover(), check.Fail, tunl0, []string{"tunl0, an interface of calico (down), holds 10.244.3.0/32, which belongs to the pods of n3"}},
		{"docker0 in the node's own range", overlay.Leftover(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) {
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "docker0", Kind: "bridge", Up: true, Addrs: []netip.Prefix{prefix("10.244.1.1/24")}})
			})
		}, []string{"docker0, an interface of docker (up), holds 10.244.1.1/24, inside this node's own pod CIDR"}},
		{
			"a bridge with the range of a former life", overlay.Leftover(), check.Warn, change("n1", "cni0", func(i *facts.Interface) { i.Addrs = []netip.Prefix{prefix("10.244.77.1/24")} }),
			[]string{"in no node's pod CIDR"},
		},
		{"kube-ipvs0 and docker0 elsewhere", overlay.Leftover(), check.Pass, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) {
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "kube-ipvs0", Kind: "dummy", Addrs: []netip.Prefix{prefix("10.96.0.1/32")}},
					facts.Interface{Name: "docker0", Kind: "bridge", Addrs: []netip.Prefix{prefix("172.17.0.1/16")}})
			})
		}, nil},
		{"no look", overlay.Leftover(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"answers after a second", overlay.Checksum(), check.Warn, slowAnswers, []string{"4 packets with a wrong UDP checksum", "1 of 1 answers of the suite's ClusterIP came after 1.0 s"}},
		{"no counters", overlay.Checksum(), check.Unknown, gone("n2"), []string{"was not read at both looks"}},

		{"a permanent entry with a wrong MAC", overlay.PodMAC(), check.Fail, podMAC, []string{"to 02:de:ad:00:00:02 (permanent on cni0), but the pod's own MAC is 02:00:00:00:03:02"}},
		{"a pod in a virtual machine", overlay.PodMAC(), check.Fail, func(s *facts.Snapshot) {
			s.Node("n2").RuntimeAgents = []facts.RuntimeAgent{{Class: "kata", Agent: facts.Agent{Pod: "probe-kata", Addrs: []netip.Addr{addr("10.244.2.9")}, MAC: "02:00:00:00:0a:0a"}}}
			both(s, "n2", func(h *facts.HostLook) {
				h.Neighbors = append(h.Neighbors, facts.Neighbor{Addr: addr("10.244.2.9"), Dev: "cni0", MAC: "02:00:00:00:0a:0b", State: "stale"})
			})
		}, []string{"the probe pod of RuntimeClass kata (10.244.2.9)"}},
		{"an entry that failed says nothing", overlay.PodMAC(), check.Pass, func(s *facts.Snapshot) {
			podMAC(s)
			for i := range s.Host("n2", facts.Last).Neighbors {
				s.Host("n2", facts.Last).Neighbors[i].State = "failed"
			}
		}, nil},
		{"routed links without neighbour entries", overlay.PodMAC(), check.Skip, func(s *facts.Snapshot) { unlisted(s, "lxc0123") }, nil},
		{"a bridge without neighbour entries", overlay.PodMAC(), check.Unknown, func(s *facts.Snapshot) { unlisted(s, "cni0") }, nil},
		{"nothing to compare anywhere", overlay.PodMAC(), check.Unknown, func(s *facts.Snapshot) {
			for i := range s.Nodes {
				s.Nodes[i].PodAgent.MAC = ""
			}
		}, nil},
	}
}

func TestSpoiledTunnels(t *testing.T) {
	for _, c := range slices.Concat(tunnelSpoils(), otherSpoils()) {
		t.Run(c.check.ID+": "+c.name, func(t *testing.T) {
			r := c.check.Evaluate(spoiled(c.change))
			if r.Verdict != c.verdict || len(r.Findings) != len(c.says) {
				t.Fatalf("judged %s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
			for i, says := range c.says {
				if !strings.Contains(r.Findings[i].Says, says) {
					t.Errorf("%q is not said: %s", says, r.Findings[i].Says)
				}
			}
		})
	}
}
