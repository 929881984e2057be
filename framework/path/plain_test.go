package path_test

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

const (
	podTCP  = "pod>pod/tcp/ipv4@main"
	podICMP = "pod>pod/icmp/ipv4@main"
	hostTCP = "host>host/tcp/ipv4@main"

	toN3    = "n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1 cni0> veth3>"
	toN1    = "n3 >veth3 >cni0 flannel.1> eth0>* n1 >eth0* >flannel.1 cni0> veth1>"
	ask     = " : tcp 10.244.1.2:43210 10.244.3.2:40001 "
	reply   = " : tcp 10.244.3.2:40001 10.244.1.2:43210 "
	syn13   = "1000 " + toN3 + ask + "SYN seq=100"
	synAck  = "1200 " + toN1 + reply + "SYN ACK seq=900 ack=101"
	ackBack = "1400 " + toN3 + ask + "ACK seq=101 ack=901 len=52"
)

func hostGateway(s *facts.Snapshot) {
	for i := range s.Nodes {
		s.Nodes[i].Published.Backend = "host-gw"
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(x facts.Interface) bool { return x.Vxlan != nil })
		for j := range h.Routes {
			if h.Routes[j].Dev == "flannel.1" {
				n := "10.0.0.1" + h.Routes[j].Dst.Addr().String()[7:8]
				h.Routes[j].Dev, h.Routes[j].Gateway = "eth0", netip.MustParseAddr(n)
			}
		}
	}
}

// plainScenes are flows without faults, and those without a tunnel.
func plainScenes() []scene {
	return []scene{
		{
			name:    "a healthy flow through the tunnel",
			trace:   answered(trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001", syn13, synAck, ackBack)),
			outcome: path.Whole, says: "Every hop was seen, both ways",
		},
		{
			name:    "a healthy flow of host-gw",
			cluster: hostGateway,
			trace: answered(trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001",
				"1000 n1 >veth1 >cni0 eth0> n3 >eth0 cni0> veth3>"+ask+"SYN seq=100",
				"1000 n3 >veth3 >cni0 eth0> n1 >eth0 cni0> veth1>"+reply+"SYN ACK seq=900 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a healthy flow within a node passes no bridge",
			trace: answered(trace("pod/n1", podTCP, "dns/coredns 10.244.1.11:53",
				"1000 n1 >veth1 veth7> : tcp 10.244.1.2:43210 10.244.1.11:53 SYN seq=100",
				"1100 n1 >veth7 veth1> : tcp 10.244.1.11:53 10.244.1.2:43210 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a healthy flow between hosts",
			trace: answered(trace("host/n1", hostTCP, "host/n3 10.0.0.13:40001",
				"1000 n1 eth0> n3 >eth0 : tcp 10.0.0.11:43210 10.0.0.13:40001 SYN seq=100",
				"1100 n3 eth0> n1 >eth0 : tcp 10.0.0.13:40001 10.0.0.11:43210 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a pod's request to another host leaves with the node's address",
			trace: answered(trace("pod/n1", "pod>host/tcp/ipv4@main", "host/n3 10.0.0.13:40001",
				"1000 n1 >veth1 >cni0 10.0.0.11:61000|10.0.0.13:40001 eth0> n3 >eth0 : tcp 10.244.1.2:43210 10.0.0.13:40001 SYN seq=100",
				"1100 n3 eth0> n1 >eth0 10.0.0.13:40001|10.244.1.2:43210 cni0> veth1> : tcp 10.0.0.13:40001 10.0.0.11:61000 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a healthy request of a host to a pod has the tunnel's address",
			trace: answered(trace("host/n1", "host>pod/tcp/ipv4@main", "pod/n3 10.244.3.2:40001",
				"1000 n1 flannel.1> eth0>* n3 >eth0* >flannel.1 cni0> veth3> : tcp 10.244.1.0:43210 10.244.3.2:40001 SYN seq=100",
				"1100 n3 >veth3 >cni0 flannel.1> eth0>* n1 >eth0* >flannel.1 : tcp 10.244.3.2:40001 10.244.1.0:43210 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a healthy request of a pod to its own host",
			trace: answered(trace("pod/n1", "pod>host/tcp/ipv4@main", "host/n1 10.0.0.11:40001",
				"1000 n1 >veth1 >cni0 : tcp 10.244.1.2:43210 10.0.0.11:40001 SYN seq=100",
				"1100 n1 cni0> veth1> : tcp 10.0.0.11:40001 10.244.1.2:43210 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a healthy request of a host to itself",
			trace: answered(trace("host/n1", hostTCP, "host/n1 10.0.0.11:40001",
				"1000 n1 lo> >lo : tcp 10.0.0.11:43210 10.0.0.11:40001 SYN seq=100",
				"1100 n1 lo> >lo : tcp 10.0.0.11:40001 10.0.0.11:43210 SYN ACK seq=1 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "a flow of which some attempts fail is not whole",
			trace: with(trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001", syn13, synAck, ackBack), func(t *facts.Trace) {
				t.Attempts = []facts.Attempt{{Outcome: facts.OK}, {Outcome: facts.Garbled, Note: "wrong nonce"}}
			}),
			says: "Every hop was seen, both ways; yet the sender says garbled: wrong nonce",
		},
		{
			name:  "an answer that no capture shows",
			trace: answered(trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001")),
			says:  "The sender got its answer, but the capture does not show the whole way",
		},
		{
			name: "the receiving host drops it",
			trace: with(trace("host/n1", hostTCP, "host/n3 10.0.0.13:40001",
				"1000 n1 eth0> n3 >eth0 : tcp 10.0.0.11:43210 10.0.0.13:40001 SYN seq=100"),
				func(t *facts.Trace) {
					node(t, "n3").Growth = []facts.Growth{rule("INPUT", 2, "-A INPUT -p tcp --dport 40001 -j DROP", 3)}
				}),
			outcome: path.Unanswered, place: "receiver-host at n3", says: "nothing answered: INPUT rule 2 (DROP) counted 3",
		},
		{
			name: "the answer goes by another way",
			cluster: func(s *facts.Snapshot) {
				for i := range s.Hosts {
					s.Hosts[i].Interfaces = append(s.Hosts[i].Interfaces, facts.Interface{
						Name: "eth1", Kind: "device", Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("192.168.7.3/24")},
					})
				}
			},
			trace: trace("host/n1", hostTCP, "host/n3 10.0.0.13:40001",
				"1000 n1 eth0> n3 >eth0 : tcp 10.0.0.11:43210 10.0.0.13:40001 SYN seq=100",
				"1100 n3 eth1> : tcp 10.0.0.13:40001 10.0.0.11:43210 SYN ACK seq=1 ack=101"),
			outcome: path.Vanished, place: "answer-receiver-host at n3", says: "left n3 by eth1 instead of eth0: it goes by another way",
		},
		{
			name:    "nothing left the pod",
			trace:   trace("pod/n1", podTCP, "pod/n3 10.244.3.2:40001"),
			outcome: path.Vanished, place: "sender-pod at n1", says: "The request never came out of the pod on n1",
		},
	}
}

func with(t facts.Trace, change func(*facts.Trace)) facts.Trace {
	change(&t)
	return t
}
