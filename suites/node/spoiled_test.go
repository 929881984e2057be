package node_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/node"
)

func veths(n int) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		h := s.Host("n2", facts.Last)
		for i := range n {
			h.Interfaces = append(h.Interfaces, facts.Interface{Name: fmt.Sprintf("veth%d", i), Kind: "veth", Master: "cni0", Up: true})
		}
	}
}

func TestSpoiledNodes(t *testing.T) {
	for _, c := range []struct {
		name    string
		check   check.Check
		verdict check.Verdict
		change  func(*facts.Snapshot)
		says    []string
	}{
		{"no range", node.PodCIDR(), check.Fail, func(s *facts.Snapshot) { s.Node("n2").PodCIDRs = nil }, []string{"the node has no pod CIDR (ipv4)"}},
		{"overlapping ranges", node.PodCIDR(), check.Fail, overlapping, []string{"10.244.3.2 lies outside", "10.244.2.128/25 of n3 overlaps 10.244.2.0/24 of n2"}},
		{"outside the cluster", node.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			s.Cluster.PodCIDRs = []netip.Prefix{prefix("10.244.0.0/23")}
		}, []string{"10.244.2.0/24 lies outside the cluster CIDR [10.244.0.0/23]; the same on n3"}},
		{"over the service CIDR", node.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			s.Cluster.ServiceCIDR = []netip.Prefix{prefix("10.244.3.0/24")}
		}, []string{"overlaps the service CIDR"}},
		{"a host network over it", node.PodCIDR(), check.Fail, nic("n1", func(i *facts.Interface) { i.Addrs = append(i.Addrs, prefix("10.240.0.9/12")) }), []string{"eth0 is on the network 10.240.0.0/12"}},
		{"used up, in the plugin's words", node.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			factstest.DropPodAgent(s, "n3", facts.Event{Reason: "FailedCreatePodSandBox", Message: "failed to allocate for range 0: no IP addresses available in range set: 10.244.3.1-10.244.3.254"})
		}, []string{"has no free address left: failed to allocate"}},
		{"nearly used up", node.PodCIDR(), check.Warn, veths(230), []string{"230 of the 253 addresses of 10.244.2.0/24"}},
		{"used up", node.PodCIDR(), check.Fail, veths(253), []string{"253 of the 253"}},
		{"no look", node.PodCIDR(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a DHCP address beside the static one", node.Address(), check.Fail, secondAddress, []string{
			"packets to the host of n1 (10.0.0.11) leave with the source 10.0.0.228, not with the node's InternalIP 10.0.0.13; the same towards n2",
			"10.0.0.13/24 (static), 10.0.0.228/24 (dynamic)",
		}},
		{"two addresses, the right source", node.Address(), check.Warn, nic("n3", func(i *facts.Interface) { i.Addrs = append(i.Addrs, prefix("10.0.0.100/32")) }), []string{"has 2 global addresses"}},
		{"an InternalIP that nobody has", node.Address(), check.Fail, nic("n3", func(i *facts.Interface) { i.Addrs = []netip.Prefix{prefix("10.0.0.77/24")} }), []string{"no interface of the node has its InternalIP 10.0.0.13"}},
		{"an InternalIP that is announced", node.Address(), check.Pass, func(s *facts.Snapshot) {
			secondAddress(s)
			both(s, "n3", func(h *facts.HostLook) {
				h.Interfaces[0].Addrs = append(h.Interfaces[0].Addrs, prefix("10.0.0.13/32"))
				h.Interfaces[1].Addrs = []netip.Prefix{prefix("10.0.0.228/24")}
			})
		}, nil},
		{"no look", node.Address(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"two answer for one address", node.DuplicateAddress(), check.Fail, met("n1", "n3", "02:00:00:00:00:03", "02:de:ad:00:00:03"), []string{
			"ARP for the address 10.0.0.13 of n3 is answered by 02:00:00:00:00:03 and 02:de:ad:00:00:03; its own is 02:00:00:00:00:03",
		}},
		{"another answers the owner itself", node.DuplicateAddress(), check.Fail, met("n3", "n3", "02:de:ad:00:00:03"), []string{"02:de:ad:00:00:03"}},
		{"a second interface of the node itself", node.DuplicateAddress(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n3", func(h *facts.HostLook) {
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "eth1", Index: 9, Kind: "macvlan", MAC: "02:00:00:00:09:03", Up: true})
			})
			met("n1", "n3", "02:00:00:00:00:03", "02:00:00:00:09:03")(s)
		}, []string{"answered by several of its own interfaces (also by eth1)"}},
		{"a network that answers for all", node.DuplicateAddress(), check.Pass, func(s *facts.Snapshot) {
			for _, from := range []string{"n1", "n2", "n3"} {
				for _, to := range []string{"n1", "n2", "n3"} {
					if from != to {
						met(from, to, "12:34:56:78:9a:bc")(s)
					}
				}
			}
		}, nil},
		{"cloned machines", node.DuplicateAddress(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { h.MachineID = s.Host("n1", facts.Last).MachineID })
		}, []string{"n1, n2 have the same machine-id"}},
		{"one MAC twice", node.DuplicateAddress(), check.Fail, func(s *facts.Snapshot) {
			nic("n2", func(i *facts.Interface) { i.MAC = "02:00:00:00:00:01" })(s)
			met("n1", "n2", "02:00:00:00:00:01")(s)
			met("n3", "n2", "02:00:00:00:00:01")(s)
		}, []string{"n1, n2 have the same MAC 02:00:00:00:00:01"}},
		{"a host that did not ask", node.DuplicateAddress(), check.Unknown, gone("n2"), []string{"did not ask by ARP"}},

		{"one odd node", node.Uniform(), check.Warn, oddSysctl, []string{"net.ipv4.conf.all.rp_filter is 1, and 0 on the other 2 nodes", "the kernel is 5.4.0, and 6.12.0 on the other 2 nodes"}},
		{"no majority", node.Uniform(), check.Warn, func(s *facts.Snapshot) {
			for i, v := range []string{"a", "b", "c"} {
				s.Nodes[i].Kubelet = v
			}
		}, []string{"the kubelet is a on n1, b on n2, c on n3"}},
		{"a setting that is not there", node.Uniform(), check.Warn, func(s *facts.Snapshot) {
			delete(s.Host("n1", facts.Last).Sysctls, "net.bridge.bridge-nf-call-iptables")
		}, []string{"net.bridge.bridge-nf-call-iptables is not there, and 1 on the other 2 nodes"}},
		{"an interface that not all have", node.Uniform(), check.Pass, func(s *facts.Snapshot) {
			s.Host("n1", facts.Last).Sysctls["net.ipv4.conf.docker0.forwarding"] = "1"
		}, nil},
		{"another back end of the firewall", node.Uniform(), check.Warn, func(s *facts.Snapshot) {
			for i := range s.Host("n2", facts.Last).Firewall {
				d := &s.Host("n2", facts.Last).Firewall[i]
				d.Tool = strings.NewReplacer("-nft-", "-legacy-", "-legacy-", "-nft-").Replace(d.Tool)
			}
		}, []string{"the back end of iptables with rules in it is legacy, and nft on the other 2 nodes"}},
		{"another CNI file", node.Uniform(), check.Warn, func(s *facts.Snapshot) {
			cni := s.Host("n2", facts.Last).CNI
			cni.Files = append(slices.Clone(cni.Files), facts.Text{Path: "/etc/cni/net.d/00-old.conf", Text: "{}"})
		}, []string{"00-old.conf is {}, and not there on the other 2 nodes"}},
		{"a CNI file that names its node", node.Uniform(), check.Pass, func(s *facts.Snapshot) {
			for _, n := range s.Nodes {
				s.Host(n.Name, facts.Last).CNI = &facts.CNIFiles{Files: []facts.Text{{
					Path: "/etc/cni/net.d/10-kindnet.conflist", Text: fmt.Sprintf(`{"nodename": %q, "subnet": %q}`, n.Name, n.PodCIDRs[0]),
				}}}
			}
		}, nil},
		{"another resolver", node.Uniform(), check.Warn, func(s *facts.Snapshot) {
			s.Host("n2", facts.Last).ResolvConf = &facts.Text{Path: "/etc/resolv.conf", Text: "# made by hand\nnameserver 192.0.2.1\n"}
		}, []string{"/etc/resolv.conf is nameserver 192.0.2.1"}},
		{"no look", node.Uniform(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},
	} {
		t.Run(c.check.ID+": "+c.name, func(t *testing.T) {
			r := c.check.Evaluate(spoiled(c.change))
			var says []string
			for _, f := range r.Findings {
				says = append(says, f.Says)
			}
			if r.Verdict != c.verdict || len(says) != len(c.says) {
				t.Fatalf("judged %s: %s %q", r.Verdict, r.Why, says)
			}
			for i, want := range c.says {
				if !slices.ContainsFunc(says, func(got string) bool { return strings.Contains(got, want) }) {
					t.Errorf("%q is not said (%d): %q", want, i, says)
				}
			}
		})
	}
}
