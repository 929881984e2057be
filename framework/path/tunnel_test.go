package path_test

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

const podToN3 = "pod/n3 10.244.3.2:40001"

// tunnelScenes are faults between pods of two nodes.
func tunnelScenes() []scene {
	wrongSource := " outer=10.0.0.228|10.0.0.13 "
	return []scene{
		{
			name: "a rule of the receiver rejects what is forwarded",
			trace: with(trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1"+ask+"SYN seq=100",
				"1001000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1"+ask+"SYN seq=100",
				"1001500 n3 flannel.1> eth0>* n1 >eth0* >flannel.1 cni0> veth1> : icmp 10.244.3.0 10.244.1.2 host prohibited (3/10)"),
				func(t *facts.Trace) {
					node(t, "n3").Growth = []facts.Growth{
						{What: "netstat.IpExt.InOctets", Before: 1, After: 900},
						rule("FORWARD", 1, "-A FORWARD -j REJECT --reject-with icmp-host-prohibited", 3),
						rule("KUBE-FORWARD", 2, "-A KUBE-FORWARD -j ACCEPT", 7),
					}
				}),
			outcome: path.Vanished, place: "receiver-host at n3",
			says: "entered n3 by eth0 as VXLAN 10.0.0.11 → 10.0.0.13:8472, was decapsulated on flannel.1, but never reached cni0: FORWARD rule 1 (REJECT icmp-host-prohibited) counted 3; ICMP host prohibited (3/10) came back from n3",
		},
		{
			name: "nothing arrives at the receiver",
			trace: trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1> outer=10.0.0.11|10.0.0.13 eth0>*"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "wire from n1 to n3",
			says: "The request left n1 by eth0 as VXLAN 10.0.0.11 → 10.0.0.13:8472, but never arrived at n3's eth0",
		},
		{
			name: "copies for the suite's own sockets are no loss and repeats are joined",
			trace: with(trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1"+ask+"SYN seq=100"),
				func(t *facts.Trace) {
					said := func(reason, function, from string, n int) facts.KernelDrop {
						return facts.KernelDrop{Reason: reason, Function: function, Proto: "tcp", Src: addrPort(from), Dst: addrPort("10.244.3.2:40001"), Count: n}
					}
					node(t, "n3").Drops = []facts.KernelDrop{
						said("SOCKET_FILTER", "raw_rcv", "10.244.1.2:43210", 7), said("PACKET_SOCK_ERROR", "tpacket_rcv", "10.244.1.2:43210", 2),
						said("NETFILTER_DROP", "nf_hook_slow", "10.244.1.2:43210", 2), said("NETFILTER_DROP", "nf_hook_slow", "10.244.1.2:43212", 1),
					}
				}),
			outcome: path.Vanished, place: "receiver-host at n3",
			says: "never reached cni0: the kernel of n3 says NETFILTER_DROP in nf_hook_slow, 3 times",
		},
		{
			name: "the receiver drops the tunnel's packets",
			trace: with(trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0*"+ask+"SYN seq=100"),
				func(t *facts.Trace) {
					node(t, "n3").Drops = []facts.KernelDrop{{
						Reason: "NETFILTER_DROP", Function: "nf_hook_slow", Proto: "udp",
						Src: addrPort("10.0.0.11:50123"), Dst: addrPort("10.0.0.13:8472"), Count: 3,
					}}
				}),
			outcome: path.Vanished, place: "receiver-tunnel at n3",
			says: "was never decapsulated on flannel.1: the kernel of n3 says NETFILTER_DROP in nf_hook_slow, 3 times",
		},
		{
			name: "the tunnel leaves from a second address",
			trace: trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1>"+wrongSource+"eth0>* n3 >eth0*"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "receiver-tunnel at n3", blames: "sender-tunnel at n1",
			says: "the outer source address 10.0.0.228 is not n1's InternalIP 10.0.0.11",
		},
		{
			name: "the tunnel leaves from a second address and nobody minds",
			trace: with(answered(trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1>"+wrongSource+"eth0>* n3 >eth0* >flannel.1 cni0> veth3>"+ask+"SYN seq=100", synAck)),
				func(t *facts.Trace) { t.For = "tunnel-address/n1" }),
			outcome: path.Whole, blames: "sender-tunnel at n1",
			says: "Sent again, it came through: every hop was seen, both ways; yet the outer source address 10.0.0.228 is not n1's InternalIP 10.0.0.11",
		},
		{
			name: "the receiver's tunnel answers from a second address",
			trace: trace("pod/n1", podTCP, podToN3, syn13,
				"1200 n3 >veth3 >cni0 flannel.1> outer=10.0.0.228|10.0.0.11 eth0>* n1 >eth0*"+reply+"SYN ACK seq=900 ack=101"),
			outcome: path.Vanished, place: "answer-sender-tunnel at n1", blames: "answer-receiver-tunnel at n3",
			says: "the outer source address 10.0.0.228 is not n3's InternalIP 10.0.0.13",
		},
		{
			name: "the forwarding entry names another node",
			trace: trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1> outer=10.0.0.11|10.0.0.12 eth0>*"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "wire from n1 to n3", blames: "sender-tunnel at n1",
			says: "the outer destination address 10.0.0.12 is not n3's InternalIP 10.0.0.13, but one of n2",
		},
		{
			name: "the reverse path filter drops",
			trace: with(trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1"+ask+"SYN seq=100"),
				func(t *facts.Trace) {
					node(t, "n3").Drops = []facts.KernelDrop{{
						Reason: "IP_RPFILTER", Function: "ip_rcv_finish_core", Proto: "tcp",
						Src: addrPort("10.244.1.2:43210"), Dst: addrPort("10.244.3.2:40001"), Count: 3,
					}}
					node(t, "n3").Growth = []facts.Growth{{What: "netstat.TcpExt.IPReversePathFilter", Before: 0, After: 3}}
				}),
			outcome: path.Vanished, place: "receiver-host at n3",
			says: "never reached cni0: the kernel of n3 says IP_RPFILTER in ip_rcv_finish_core, 3 times",
		},
		{
			name:    "the sender does not forward",
			cluster: noForwarding("n1"),
			trace:   trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "sender-host at n1",
			says: "passed cni0, but never left by flannel.1: net.ipv4.ip_forward is 0 on n1",
		},
		{
			name:    "the route is missing and the packet leaves outside the tunnel",
			cluster: withoutRoute("n1", "10.244.3.0/24"),
			trace:   trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 eth0>"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "sender-host at n1",
			says: "it left n1 by eth0 outside the tunnel, to 10.244.3.2:40001",
		},
		{
			name:    "the receiver has no route back",
			cluster: withoutRoute("n3", "10.244.1.0/24"),
			trace: trace("pod/n1", podTCP, podToN3, syn13,
				"1200 n3 >veth3 >cni0 eth0>"+reply+"SYN ACK seq=900 ack=101"),
			outcome: path.Vanished, place: "answer-receiver-host at n3",
			says: "The answer came out of the pod on n3 by veth3, passed cni0, but never left by flannel.1; it left n3 by eth0 outside the tunnel",
		},
		{
			name: "the pod does not answer",
			trace: with(trace("pod/n1", podTCP, podToN3, syn13),
				func(t *facts.Trace) {
					node(t, "n3").NoDrops = "the kernel is older than 5.17"
				}),
			outcome: path.Unanswered, place: "receiver-pod at n3", says: "reached the pod's veth3; nothing answered",
		},
		{
			name: "the answer is lost on the wire",
			trace: trace("pod/n1", podTCP, podToN3, syn13,
				"1200 n3 >veth3 >cni0 flannel.1> outer=10.0.0.13|10.0.0.11 eth0>*"+reply+"SYN ACK seq=900 ack=101"),
			outcome: path.Vanished, place: "answer-wire from n3 to n1", says: "The answer left n3 by eth0 as VXLAN 10.0.0.13 → 10.0.0.11:8472, but never arrived at n1's eth0",
		},
	}
}

func noForwarding(node string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for i := range s.Hosts {
			if s.Hosts[i].Node == node {
				s.Hosts[i].Sysctls["net.ipv4.ip_forward"] = "0"
			}
		}
	}
}

func withoutRoute(node, dst string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for i := range s.Hosts {
			if s.Hosts[i].Node == node {
				s.Hosts[i].Routes = slices.DeleteFunc(s.Hosts[i].Routes, func(r facts.Route) bool { return r.Dst == netip.MustParsePrefix(dst) })
			}
		}
	}
}
