package path_test

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

const (
	dnsFlow = "pod>dnsService/dns-udp/ipv4@main"
	dnsIP   = "dns 10.96.0.10:53"

	// translated: the bridge's netfilter rewrites before cni0 sees the packet.
	question = "1000 n1 >veth1 10.244.1.2:40110|10.244.2.12:53 >cni0 flannel.1> eth0>* n2 >eth0* >flannel.1"
	toDNS    = " : udp 10.244.1.2:40110 10.96.0.10:53 id=4660 len=78"
	fromDNS  = "n2 >veth9 >cni0 flannel.1> eth0>* n1 >eth0* >flannel.1 10.96.0.10:53|10.244.1.2:40110 cni0> veth1>"
)

// serviceScenes are flows to ClusterIPs.
func serviceScenes() []scene {
	return []scene{
		{
			name: "a healthy question to the cluster DNS on another node",
			trace: answered(trace("pod/n1", dnsFlow, dnsIP,
				question+" cni0> veth9>"+toDNS,
				"1200 "+fromDNS+" : udp 10.244.2.12:53 10.244.1.2:40110 id=4660 len=120")),
			outcome: path.Whole,
		},
		{
			name: "one replica of the cluster DNS does not respond",
			trace: with(trace("pod/n1", dnsFlow, dnsIP, question+toDNS), func(t *facts.Trace) {
				node(t, "n2").Growth = []facts.Growth{{What: "nft, table guard, chain forward, rule 3", Before: 0, After: 1, Text: "ip daddr 10.244.2.12 udp dport 53 counter drop"}}
			}),
			outcome: path.Vanished, place: "receiver-host at n2", says: "never reached cni0: forward rule 3 of table guard (ip daddr 10.244.2.12 udp dport 53 counter drop) counted 1",
		},
		{
			name: "one backend of two is silent and the other's packets do not count",
			trace: with(trace("pod/n1", dnsFlow, dnsIP,
				question+toDNS,
				"2000 n1 >veth1 10.244.1.2:40111|10.244.1.11:53 veth8> : udp 10.244.1.2:40111 10.96.0.10:53 id=77 len=78",
				"2100 n1 >veth8 10.96.0.10:53|10.244.1.2:40111 veth1> : udp 10.244.1.11:53 10.244.1.2:40111 id=77 len=120"), func(t *facts.Trace) {
				t.Attempts = []facts.Attempt{{Outcome: facts.Timeout}, {Outcome: facts.OK}}
			}),
			outcome: path.Vanished, place: "receiver-host at n2", says: "entered n2 by eth0",
		},
		{
			name:    "the replica is reached and silent",
			trace:   trace("pod/n1", dnsFlow, dnsIP, question+" cni0> veth9>"+toDNS),
			outcome: path.Unanswered, place: "receiver-pod at n2", says: "reached the pod's veth9; no response came",
		},
		{
			name: "the Service is not translated and leaves by the NIC",
			trace: trace("pod/n1", dnsFlow, dnsIP,
				"1000 n1 >veth1 >cni0 10.0.0.11:40110|10.96.0.10:53 eth0>"+toDNS),
			outcome: path.Vanished, place: "service-translation at n1",
			says: "was never translated to a backend; it left n1 by eth0 with the Service's address 10.96.0.10:53",
		},
		{
			name: "a host's request to a Service is not translated",
			trace: trace("host/n1", "host>api/tls/ipv4@main", "api 10.96.0.1:443",
				"1000 n1 eth0> : tcp 10.0.0.11:40110 10.96.0.1:443 SYN seq=1"),
			outcome: path.Vanished, place: "service-translation at n1", says: "with the Service's address 10.96.0.1:443",
		},
		{
			name: "the Service has no endpoints",
			cluster: func(s *facts.Snapshot) {
				for i := range s.Cluster.Services {
					s.Cluster.Services[i].Endpoints = nil
				}
			},
			trace: with(trace("pod/n1", dnsFlow, dnsIP, "1000 n1 >veth1 >cni0"+toDNS), func(t *facts.Trace) {
				node(t, "n1").Growth = []facts.Growth{
					rule("INPUT", 4, "-A INPUT -m conntrack --ctstate INVALID -j DROP", 1),
					rule("KUBE-SERVICES", 1, `-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns has no endpoints" -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable`, 2),
				}
			}),
			outcome: path.Vanished, place: "service-translation at n1",
			says: "was never translated to a backend: KUBE-SERVICES rule 1 (REJECT icmp-port-unreachable: the Service has no endpoints) counted 2",
		},
		{
			name: "the answer of a backend on the asking node is bridged past the translation",
			cluster: func(s *facts.Snapshot) {
				for i := range s.Hosts {
					s.Hosts[i].Sysctls["net.bridge.bridge-nf-call-iptables"] = "0"
				}
			},
			trace: trace("pod/n1", dnsFlow, dnsIP,
				"1000 n1 >veth1 >cni0 10.244.1.2:40110|10.244.1.11:53 cni0> veth8>"+toDNS,
				"1100 n1 >veth8 veth1> : udp 10.244.1.11:53 10.244.1.2:40110 id=4660"),
			outcome: path.Unreverted, place: "answer-service-translation at n1",
			says: "The answer came back with the backend's address 10.244.1.11:53 instead of the Service's 10.96.0.10:53, so nobody takes it: net.bridge.bridge-nf-call-iptables is 0 on n1",
		},
		{
			name: "a pod asks itself through a Service and the bridge port has no hairpin",
			cluster: func(s *facts.Snapshot) {
				for i := range s.Hosts {
					for j := range s.Hosts[i].Interfaces {
						s.Hosts[i].Interfaces[j].HairpinOff = s.Hosts[i].Interfaces[j].Name == "veth1"
					}
				}
				own := &s.Cluster.Services[2]
				own.Endpoints = []facts.Endpoint{{PortName: "tcp", Proto: "TCP", Addr: netip.MustParseAddr("10.244.1.2"), Port: 40001, Ready: true, Node: "n1"}}
			},
			trace:   trace("pod/n1", "pod>hairpin/tcp/ipv4@main", "nodePort/n1 10.0.0.11:31080", "1000 n1 >veth1 : tcp 10.244.1.2:40110 10.0.0.11:31080 SYN seq=1"),
			outcome: path.Vanished, place: "sender-bridge at n1",
			says: "never went back by it: the bridge port veth1 of n1 has its hairpin mode off, and the pod asks itself",
		},
		{
			name: "a backend on the asking node",
			trace: answered(trace("pod/n1", dnsFlow, dnsIP,
				"1000 n1 >veth1 10.244.1.2:40110|10.244.1.11:53 veth8>"+toDNS,
				"1100 n1 >veth8 10.96.0.10:53|10.244.1.2:40110 veth1> : udp 10.244.1.11:53 10.244.1.2:40110 id=4660")),
			outcome: path.Whole,
		},
	}
}

const (
	npFlow = "runner>nodePort/tcp/ipv4@main"
	npN2   = "nodePort/n2 10.0.0.12:31080"
	client = " : tcp 192.0.2.9:50000 10.0.0.12:31080 "
	snat   = " 10.244.2.0:41000|10.244.3.2:40001 "
	npSyn  = "1000 n2 >eth0" + snat + "flannel.1> eth0>* n3 >eth0* >flannel.1 cni0> veth3>" + client + "SYN seq=5"
	npBack = "1200 n3 >veth3 >cni0 flannel.1> eth0>* n2 >eth0* >flannel.1 10.0.0.12:31080|192.0.2.9:50000 eth0> : tcp 10.244.3.2:40001 10.244.2.0:41000 SYN ACK seq=9 ack=6"
)

// nodePortScenes are flows to the NodePort of n2, whose backend is on n3.
func nodePortScenes() []scene {
	return []scene{
		{
			name:    "a healthy NodePort from outside with its backend on another node",
			trace:   answered(trace("runner", npFlow, npN2, npSyn, npBack)),
			outcome: path.Whole,
		},
		{
			name: "a healthy NodePort with its backend on the entry node",
			trace: answered(trace("runner", npFlow, npN2,
				"1000 n2 >eth0 10.244.2.1:41000|10.244.2.2:40001 cni0> veth2>"+client+"SYN seq=5",
				"1200 n2 >veth2 >cni0 10.0.0.12:31080|192.0.2.9:50000 eth0> : tcp 10.244.2.2:40001 10.244.2.1:41000 SYN ACK seq=9 ack=6")),
			outcome: path.Whole,
		},
		{
			name: "a healthy NodePort asked by a pod of another node",
			trace: answered(trace("pod/n1", "pod>nodePort/tcp/ipv4@main", npN2,
				"1000 n1 >veth1 >cni0 10.0.0.11:61000|10.0.0.12:31080 eth0> n2 >eth0"+snat+"flannel.1> eth0>* n3 >eth0* >flannel.1 cni0> veth3> : tcp 10.244.1.2:43210 10.0.0.12:31080 SYN seq=5",
				"1200 n3 >veth3 >cni0 flannel.1> eth0>* n2 >eth0* >flannel.1 10.0.0.12:31080|10.0.0.11:61000 eth0> n1 >eth0 10.0.0.12:31080|10.244.1.2:43210 cni0> veth1> : tcp 10.244.3.2:40001 10.244.2.0:41000 SYN ACK seq=9 ack=6")),
			outcome: path.Whole,
		},
		{
			name:    "the entry node has no route to the backend",
			cluster: withoutRoute("n2", "10.244.3.0/24"),
			trace: trace("runner", npFlow, npN2,
				"1000 n2 >eth0 10.0.0.12:41000|10.244.3.2:40001 eth0>"+client+"SYN seq=5"),
			outcome: path.Vanished, place: "entry-host at n2",
			says: "entered n2 by eth0, but never left by flannel.1; it left n2 by eth0 outside the tunnel, to 10.244.3.2:40001: on n2 the route for 10.244.3.2 is default",
		},
		{
			name: "the entry node drops the NodePort range",
			trace: with(trace("runner", npFlow, npN2, "1000 n2 >eth0"+client+"SYN seq=5"), func(t *facts.Trace) {
				node(t, "n2").Growth = []facts.Growth{rule("INPUT", 1, "-A INPUT -p tcp -m tcp --dport 30000:32767 -j DROP", 3)}
			}),
			outcome: path.Vanished, place: "entry-host at n2", says: "INPUT rule 1 (DROP) counted 3",
		},
		{
			name:    "the entry node has no rules for the NodePort",
			trace:   trace("runner", npFlow, npN2, "1000 n2 >eth0"+client+"SYN seq=5", "1020 n2 eth0> : tcp 10.0.0.12:31080 192.0.2.9:50000 RST ACK ack=6"),
			outcome: path.Vanished, place: "service-translation at n2", says: "The request entered n2 by eth0, but was never translated to a backend",
		},
	}
}
