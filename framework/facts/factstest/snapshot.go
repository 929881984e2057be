// Package factstest builds snapshots for tests: a healthy cluster of any size,
// and small readable ways to spoil it. It is used by tests only.
package factstest

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Addresses and ports of the invented cluster.
const (
	TCPPort, UDPPort, ClosedPort   uint16 = 40001, 40002, 40003
	ServiceTCP, ServiceUDP         uint16 = 8080, 8081
	NodePortTCP, NodePortUDP       uint16 = 31080, 31081
	InterfaceMTU, OverlayMTU       int    = 1500, 1450
	clusterDomain, systemNamespace        = "cluster.local", "kube-system"
	namespace                             = "plumbline-abcde"
)

// Healthy is a cluster of n nodes (1,000 at most) named n1…, seen from a runner outside it, in
// which everything that can be asked was asked and answered as promised.
// Without families it is IPv4 only.
func Healthy(n int, families ...facts.Family) *facts.Snapshot {
	if len(families) == 0 {
		families = []facts.Family{facts.IPv4}
	}
	s := &facts.Snapshot{
		APIVersion: facts.APIVersion, Kind: facts.Kind,
		Run: facts.Run{
			ID: "abcde", Suite: "test", Namespace: namespace, Image: "plumbline:test",
			Started:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Finished: time.Date(2026, 1, 2, 3, 4, 15, 0, time.UTC),
		},
		Cluster: cluster(n, families),
	}
	for i := 1; i <= n; i++ {
		node := node(i, families)
		s.Nodes = append(s.Nodes, node)
		for _, look := range []facts.Look{facts.First, facts.Last} {
			s.Hosts = append(s.Hosts, Host(node, look, n))
		}
	}
	s.Service = service(s, families)
	s.Further = furtherServices(s, families)
	s.Cluster.Services = clusterServices(s)
	program(s)
	s.PolicyTrial = &facts.PolicyTrial{Unenforced: s.Cluster.CNI + " does not enforce NetworkPolicy"}
	for _, f := range Flows(families...) {
		s.Matrices = append(s.Matrices, healthyMatrix(s, f))
	}
	return s
}

// Name is the name of node i, counted from 1.
func Name(i int) string { return fmt.Sprintf("n%d", i) }

// HostAddr, PodAddr and PodCIDR are the addresses of node i, counted from 1.
func HostAddr(i int, f facts.Family) netip.Addr {
	return addr(f, fmt.Sprintf("10.0.%d.%d", (10+i)>>8, (10+i)&0xff), "fd00:10::%x", 10+i)
}

// PodAddr is the address of the probe pod of node i.
func PodAddr(i int, f facts.Family) netip.Addr {
	return addr(f, fmt.Sprintf("10.%d.%d.2", podNet+i>>8, i&0xff), "fd00:244:%x::2", i)
}

// PodCIDR is the range of pod addresses of node i.
func PodCIDR(i int, f facts.Family) netip.Prefix {
	bits := 24
	if f == facts.IPv6 {
		bits = 64
	}
	return netip.PrefixFrom(addr(f, fmt.Sprintf("10.%d.%d.0", podNet+i>>8, i&0xff), "fd00:244:%x::", i), bits)
}

// podNet is the second byte of the first nodes' pod addresses; from 256 nodes on
// the next ones are used, too.
const podNet = 244

// podRange is the cluster's range of IPv4 pod addresses.
func podRange(n int) string {
	if n < 256 {
		return "10.244.0.0/16"
	}
	return "10.244.0.0/14"
}

func addr(f facts.Family, v4, v6 string, i int) netip.Addr {
	if f == facts.IPv6 {
		return netip.MustParseAddr(fmt.Sprintf(v6, i))
	}
	if strings.Contains(v4, "%") {
		v4 = fmt.Sprintf(v4, i)
	}
	return netip.MustParseAddr(v4)
}

func cluster(n int, families []facts.Family) facts.Cluster {
	c := facts.Cluster{
		Server: "https://10.0.0.11:6443", Context: "test", UID: "00000000-0000-4000-8000-000000000000",
		Version: "v1.36.3", Families: families, Domain: clusterDomain, ProxyMode: "iptables", CNI: "flannel",
		KubeProxyExpected: true,
	}
	for _, f := range families {
		pods, services := podRange(n), "10.96.0.0/16"
		if f == facts.IPv6 {
			pods, services = "fd00:244::/32", "fd00:96::/112"
		}
		c.PodCIDRs = append(c.PodCIDRs, netip.MustParsePrefix(pods))
		c.ServiceCIDR = append(c.ServiceCIDR, netip.MustParsePrefix(services))
	}
	// The Services kubernetes and kube-dns have one family, the cluster's first.
	c.API = []netip.AddrPort{netip.AddrPortFrom(addr(families[0], "10.96.0.%d", "fd00:96::%x", 1), 443)}
	c.DNS = []netip.AddrPort{netip.AddrPortFrom(addr(families[0], "10.96.0.%d", "fd00:96::%x", 10), 53)}
	for i := 1; i <= 2; i++ {
		pod := systemPod(fmt.Sprintf("coredns-%d", i), min(i, n), "system-cluster-critical", "ReplicaSet/coredns")
		for _, f := range families {
			pod.Addrs = append(pod.Addrs, addr(f, fmt.Sprintf("10.244.%d.%%d", min(i, n)), fmt.Sprintf("fd00:244:%x::%%x", min(i, n)), 10+i))
		}
		c.DNSPods = append(c.DNSPods, pod)
	}
	c.DNSDeployment = &facts.Workload{Namespace: systemNamespace, Name: "coredns", Desired: 2, Ready: 2, Available: 2, Updated: 2}
	c.CNIExpected = true
	for i := 1; i <= n; i++ {
		pod := systemPod(fmt.Sprintf("kube-flannel-%d", i), i, "system-node-critical", "DaemonSet/kube-flannel-ds")
		pod.Namespace = "kube-flannel"
		for _, f := range families {
			pod.Addrs = append(pod.Addrs, HostAddr(i, f))
		}
		c.CNIPods, c.CNIPodsLast = append(c.CNIPods, pod), append(c.CNIPodsLast, pod)
		c.CNILogs = append(c.CNILogs, facts.PodLog{Pod: pod.Name, Node: pod.Node, Lines: []string{"I0102 03:00:00.000000 1 main.go:560] Running backend."}})
	}
	for i := 1; i <= n; i++ {
		pod := systemPod(fmt.Sprintf("kube-proxy-%d", i), i, "system-node-critical", "DaemonSet/kube-proxy")
		for _, f := range families {
			pod.Addrs = append(pod.Addrs, HostAddr(i, f))
		}
		c.KubeProxy = append(c.KubeProxy, pod)
	}
	return c
}

func systemPod(name string, node int, priority, owner string) facts.Pod {
	return facts.Pod{
		Namespace: systemNamespace, Name: name, Node: Name(node), Phase: "Running", Ready: true,
		PriorityClass: priority, Owner: owner, Images: []string{"registry.example/" + name[:strings.LastIndex(name, "-")] + ":v1"}, Started: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func node(i int, families []facts.Family) facts.Node {
	ports := facts.Ports{TCP: TCPPort, UDP: UDPPort, Closed: ClosedPort}
	n := facts.Node{
		Name: Name(i), ControlPlane: i == 1,
		Conditions: []facts.Condition{
			{Type: "Ready", Status: "True"},
			{Type: "NetworkUnavailable", Status: "False"},
			{Type: "MemoryPressure", Status: "False"},
			{Type: "DiskPressure", Status: "False"},
			{Type: "PIDPressure", Status: "False"},
		},
		Kernel: "6.12.0", OS: "Debian GNU/Linux 13", Kubelet: "v1.36.3", Runtime: "containerd://2.2.0",
		NodeAgent: facts.Agent{Pod: "plumbline-node-" + Name(i), Ready: true, MTU: InterfaceMTU, Ports: ports},
		PodAgent:  facts.Agent{Pod: "plumbline-probe-" + Name(i), Ready: true, MTU: OverlayMTU, Ports: ports},
	}
	for _, f := range families {
		n.Internal = append(n.Internal, HostAddr(i, f))
		n.PodCIDRs = append(n.PodCIDRs, PodCIDR(i, f))
		n.PodAgent.Addrs = append(n.PodAgent.Addrs, PodAddr(i, f))
	}
	n.NodeAgent.Addrs = n.Internal
	n.NodeAgent.MAC, n.PodAgent.MAC = mac(0, n), mac(3, n)
	n.PodAgent.Startup = &facts.Startup{DNS: facts.FirstSuccess{Millis: 4, Tries: 1}, Service: facts.FirstSuccess{Millis: 2, Tries: 1}}
	n.MachineID, n.SystemUUID = machineID(i), fmt.Sprintf("00000000-0000-4000-8000-%012x", i)
	n.Published = &facts.Published{Backend: "vxlan", Addrs: n.Internal[:1], MAC: mac(1, n), VNI: 1}
	n.PodAgent.ResolvConf = &facts.Text{Path: "/etc/resolv.conf", Text: PodResolvConf(families[0])}
	return n
}

// PodResolvConf is what the kubelet writes for a pod of dnsPolicy ClusterFirst.
func PodResolvConf(f facts.Family) string {
	return fmt.Sprintf("search %s.svc.%s svc.%s %s\nnameserver %s\noptions ndots:5\n",
		namespace, clusterDomain, clusterDomain, clusterDomain, addr(f, "10.96.0.%d", "fd00:96::%x", 10))
}

func service(s *facts.Snapshot, families []facts.Family) facts.Service {
	svc := facts.Service{
		Name: "plumbline", TCPPort: ServiceTCP, UDPPort: ServiceUDP,
		TCPNodePort: NodePortTCP, UDPNodePort: NodePortUDP, Backends: peers(s),
	}
	for _, f := range families {
		svc.ClusterIPs = append(svc.ClusterIPs, clusterIP(f).String())
	}
	return svc
}

// peers are the backends of the suite's Service: a few, whatever the size of the cluster.
func peers(s *facts.Snapshot) []string {
	var out []string
	for _, n := range s.Nodes[:min(3, len(s.Nodes))] {
		out = append(out, "pod/"+n.Name)
	}
	return out
}

func clusterIP(f facts.Family) netip.Addr { return addr(f, "10.96.1.%d", "fd00:96::1:%x", 1) }
