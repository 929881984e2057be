package factstest

import (
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// ProxyOnHosts makes kube-proxy a service of the hosts: it does what it did, and no
// pod, DaemonSet or ConfigMap shows it.
func ProxyOnHosts(s *facts.Snapshot) {
	s.Cluster.KubeProxy, s.Cluster.KubeProxyLast, s.Cluster.KubeProxyExpected = nil, nil, false
	s.Cluster.ProxyMode = ""
	for i := range s.Hosts {
		s.Hosts[i].Processes = append(s.Hosts[i].Processes, facts.Process{Name: "kube-proxy", PID: 500, Count: 1})
	}
}

// WithoutProxy takes kube-proxy away: its pods, its ports and its rules. Services go
// on to be answered, as by a network plugin that serves them.
func WithoutProxy(s *facts.Snapshot) {
	s.Cluster.KubeProxy, s.Cluster.KubeProxyLast, s.Cluster.KubeProxyExpected = nil, nil, false
	s.Cluster.ProxyMode = ""
	for _, n := range s.Nodes {
		StopProxy(s, n.Name, facts.First, facts.Last)
	}
}

// StopProxy ends kube-proxy on one host: nothing is behind its ports, and its rules
// are gone.
func StopProxy(s *facts.Snapshot, node string, looks ...facts.Look) {
	for _, look := range looks {
		h := s.Host(node, look)
		if h == nil {
			continue
		}
		h.ProxyHealth = &facts.Text{Path: "http://127.0.0.1:10256/healthz", NotRun: "asking kube-proxy: connect: connection refused"}
		h.ProxyMode = &facts.Text{Path: "http://127.0.0.1:10249/proxyMode", NotRun: "asking kube-proxy: connect: connection refused"}
		for i := range h.Processes {
			if h.Processes[i].Name == "kube-proxy" {
				h.Processes = append(append([]facts.Process{}, h.Processes[:i]...), h.Processes[i+1:]...)
				break
			}
		}
		firewall := append([]facts.Dump{}, h.Firewall...)
		for i := range firewall {
			var kept []string
			for line := range strings.Lines(firewall[i].Text) {
				if !strings.Contains(line, "KUBE-") {
					kept = append(kept, line)
				}
			}
			firewall[i].Text = strings.Join(kept, "")
		}
		h.Firewall = firewall
	}
}

// CacheDevice is the interface that holds the address of a node-local DNS cache.
const CacheDevice = "nodelocaldns"

// NodeCache gives the pods of every node a node-local DNS cache as nameserver, which
// answers all of them.
func NodeCache(s *facts.Snapshot, addr netip.Addr) {
	cache := facts.DNSCache{Namespace: "kube-system", Name: CacheDevice, Addrs: []netip.Addr{addr}}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		text := *n.PodAgent.ResolvConf
		for _, d := range s.Cluster.DNS {
			text.Text = strings.ReplaceAll(text.Text, "nameserver "+d.Addr().String()+"\n", "nameserver "+addr.String()+"\n")
		}
		n.PodAgent.ResolvConf = &text
		cache.Pods = append(cache.Pods, facts.Pod{
			Namespace: cache.Namespace, Name: CacheDevice + "-" + n.Name, Node: n.Name, Addrs: n.Internal, Phase: "Running", Ready: true,
			PriorityClass: "system-node-critical", Owner: "DaemonSet/" + CacheDevice,
		})
		for _, look := range []facts.Look{facts.First, facts.Last} {
			if h := s.Host(n.Name, look); h != nil {
				h.Interfaces = append(h.Interfaces, facts.Interface{
					Name: CacheDevice, Index: 90, Kind: "dummy", MTU: 1500, Addrs: []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())},
				})
			}
		}
	}
	s.Cluster.DNSCaches = []facts.DNSCache{cache}
	for _, from := range []string{"pod", "host"} {
		for _, via := range []string{"dns-udp", "dns-tcp"} {
			Add(s, from+">nodeDNS/"+via+"/"+string(familyOf(addr))+"@main")
		}
	}
}

func familyOf(a netip.Addr) facts.Family {
	if a.Is4() {
		return facts.IPv4
	}
	return facts.IPv6
}

// StopCache ends the cache of one node: its interface is gone, its pod crashes, and
// nobody on the node gets a reply.
func StopCache(s *facts.Snapshot, node string) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := s.Host(node, look)
		for i := range h.Interfaces {
			if h.Interfaces[i].Name == CacheDevice {
				h.Interfaces = append(append([]facts.Interface{}, h.Interfaces[:i]...), h.Interfaces[i+1:]...)
				break
			}
		}
	}
	for i := range s.Cluster.DNSCaches[0].Pods {
		if p := &s.Cluster.DNSCaches[0].Pods[i]; p.Node == node {
			p.Ready, p.Reason = false, "CrashLoopBackOff"
		}
	}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		for j := range m.Rows {
			if m.Flow.To != facts.ToNodeDNS || m.Rows[j].From.Node != node {
				continue
			}
			for _, t := range m.Targets {
				Set(s, m.Flow.Key(), m.Rows[j].From.String(), t.ID, facts.Cell{Outcome: facts.Timeout}, &facts.Detail{Attempts: []facts.Attempt{{Outcome: facts.Timeout}}})
			}
		}
	}
}
