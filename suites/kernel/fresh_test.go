package kernel_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/kernel"
)

// unused makes a node as it is before its first pod: forwarding off, and nothing of
// pods among its interfaces and routes.
func unused(s *facts.Snapshot, node string) *facts.HostLook {
	h := s.Host(node, facts.First)
	h.Sysctls["net.ipv4.ip_forward"] = "0"
	h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name != "eth0" && i.Name != "lo" })
	h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dev != "eth0" })
	s.Cluster.DNSPods = slices.DeleteFunc(s.Cluster.DNSPods, func(p facts.Pod) bool { return p.Node == node })
	return h
}

func TestForwardingBeforeTheFirstPod(t *testing.T) {
	judge(t, kernel.IPForward(), []spoiled{
		{"the first pod switched it on", check.Warn, func(s *facts.Snapshot) { unused(s, "n2") }, "when no pod had run on this node yet"},
		{"it stays off", check.Fail, func(s *facts.Snapshot) {
			unused(s, "n2")
			s.Host("n2", facts.Last).Sysctls["net.ipv4.ip_forward"] = "0"
		}, "is 0: the node does not forward packets"},
		{"a pod was there", check.Fail, func(s *facts.Snapshot) {
			h := unused(s, "n2")
			h.Interfaces = append(h.Interfaces, facts.Interface{Name: "veth1", Kind: "veth", Up: true})
		}, "only the run itself switched it on"},
		{"a bridge of pods was there", check.Fail, func(s *facts.Snapshot) {
			h := unused(s, "n2")
			own := s.Node("n2").PodCIDRs[0]
			h.Interfaces = append(h.Interfaces, facts.Interface{Name: "br0", Kind: "bridge", Addrs: []netip.Prefix{netip.PrefixFrom(own.Addr().Next(), own.Bits())}})
		}, "only the run itself switched it on"},
		{"a route to a pod was there", check.Fail, func(s *facts.Snapshot) {
			h := unused(s, "n2")
			pod := netip.PrefixFrom(s.Node("n2").PodCIDRs[0].Addr().Next().Next(), 32)
			h.Routes = append(h.Routes, facts.Route{Dst: pod, Dev: "pod1", Type: "unicast", Table: 254, Family: facts.IPv4})
		}, "only the run itself switched it on"},
		{"a replica of the cluster DNS was there", check.Fail, func(s *facts.Snapshot) {
			unused(s, "n2")
			s.Cluster.DNSPods = append(s.Cluster.DNSPods, facts.Pod{Node: "n2", Addrs: []netip.Addr{netip.MustParseAddr("10.244.2.9")}})
		}, "only the run itself switched it on"},
	})
}

// contained makes every node a container: the kernel hides the machine's settings there.
func contained(s *facts.Snapshot) {
	for i := range s.Hosts {
		s.Hosts[i].Sysctls["net.core.somaxconn"] = "4096"
		delete(s.Hosts[i].Sysctls, "net.core.netdev_max_backlog")
	}
}

func TestForwardingAtBootOfNodesThatAreContainers(t *testing.T) {
	unset := func(s *facts.Snapshot) {
		for i := range s.Hosts {
			s.Hosts[i].SysctlFiles = &facts.SysctlFiles{}
		}
	}
	judge(t, kernel.IPForwardBoot(), []spoiled{
		{"no file on a machine", check.Warn, unset, "no file sets net.ipv4.ip_forward"},
		{"no file in a container", check.Pass, func(s *facts.Snapshot) { unset(s); contained(s) }, ""},
		{"a file that switches it off in a container", check.Fail, func(s *facts.Snapshot) {
			unset(s)
			contained(s)
			both(s, "n2", func(h *facts.HostLook) {
				h.SysctlFiles.Settings = []facts.SysctlSetting{{File: "/etc/sysctl.d/x.conf", Line: 1, Key: "net.ipv4.ip_forward", Value: "0"}}
			})
		}, "/etc/sysctl.d/x.conf:1 sets net.ipv4.ip_forward to 0"},
	})
}
