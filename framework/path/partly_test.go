package path_test

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

// partlyScenes are flows of which something gets through.
func partlyScenes() []scene {
	toWire := "n1 >veth1 >cni0 flannel.1> outer=10.0.0.11|10.0.0.13 eth0>*"
	return []scene{
		{
			name: "large segments are lost on the wire",
			trace: trace("pod/n1", "pod>pod/bulk/ipv4@main", podToN3, syn13, synAck, ackBack,
				"2000 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"2300 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"2900 "+toWire+ask+"ACK seq=101 ack=901 len=1450"),
			outcome: path.BlackHole, place: "wire from n1 to n3",
			says: "Large segments of the request (1450 bytes) are sent again and never acknowledged while small ones are; they were last seen at n1's eth0 and never at n3's eth0; no ICMP told the sender",
		},
		{
			name: "large segments are lost, and another connection has larger numbers",
			trace: trace("pod/n1", "pod>pod/bulk/ipv4@main", podToN3, syn13, synAck, ackBack,
				"2000 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"2300 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"2900 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"4000 "+toN3+" : tcp 10.244.1.2:43211 10.244.3.2:40001 SYN seq=5000",
				"4200 "+toN1+" : tcp 10.244.3.2:40001 10.244.1.2:43211 SYN ACK seq=90 ack=5001"),
			outcome: path.BlackHole, place: "wire from n1 to n3", says: "Large segments of the request (1450 bytes) are sent again and never acknowledged",
		},
		{
			name: "large segments are lost and the sender drops what tells it",
			trace: with(trace("pod/n1", "pod>pod/bulk/ipv4@main", podToN3, syn13, synAck, ackBack,
				"2000 "+toWire+ask+"ACK seq=101 ack=901 len=1450",
				"2300 "+toWire+ask+"ACK seq=101 ack=901 len=1450"), func(t *facts.Trace) {
				node(t, "n1").Drops = []facts.KernelDrop{{Reason: "NETFILTER_DROP", Function: "nf_hook_slow", Proto: "icmp", Src: addrPort("10.0.0.1"), Dst: addrPort("10.0.0.11"), Count: 2}}
			}),
			outcome: path.BlackHole, place: "wire from n1 to n3", says: "the kernel of n1 says NETFILTER_DROP of an ICMP error in nf_hook_slow, twice",
		},
		{
			name: "large datagrams are lost and the sender is told",
			trace: trace("pod/n1", "pod>pod/pmtu/ipv4@main", "pod/n3 10.244.3.2:40002",
				"1000 "+toN3+" : udp 10.244.1.2:40000 10.244.3.2:40002 id=1 len=600",
				"1100 "+toN1+" : udp 10.244.3.2:40002 10.244.1.2:40000 id=1 len=60",
				"2000 "+toWire+" : udp 10.244.1.2:40000 10.244.3.2:40002 id=2 len=1450",
				"2900 "+toWire+" : udp 10.244.1.2:40000 10.244.3.2:40002 id=3 len=1450",
				"2950 n1 >cni0 veth1> : icmp 10.0.0.1 10.244.1.2 fragmentation needed (3/4)"),
			outcome: path.BlackHole, place: "wire from n1 to n3", says: "; ICMP fragmentation needed (3/4) came back from 10.0.0.1",
		},
		{
			name: "nothing listens in the pod",
			trace: with(trace("pod/n1", podTCP, podToN3, syn13, "1200 "+toN1+reply+"RST ACK seq=0 ack=101"), func(t *facts.Trace) {
				t.Attempts = []facts.Attempt{{Outcome: facts.Refused}}
			}),
			outcome: path.Refused, place: "receiver-pod at n3", says: "A RST came from the pod on n3 (10.244.3.2:40001): nothing listens on port 40001 there",
		},
		{
			name: "nothing listens on a UDP port of the pod",
			trace: with(trace("pod/n1", "pod>pod/udp/ipv4@main", "pod/n3 10.244.3.2:40002",
				"1000 "+toN3+" : udp 10.244.1.2:40000 10.244.3.2:40002 id=1 len=60",
				"1100 "+toN1+" : icmp 10.244.3.2 10.244.1.2 port unreachable (3/3)"), func(t *facts.Trace) {
				t.Attempts = []facts.Attempt{{Outcome: facts.Refused}}
			}),
			outcome: path.Refused, place: "receiver-pod at n3", says: "ICMP port unreachable (3/3) came back from the pod on n3 (10.244.3.2)",
		},
		{
			name:    "a closed port has to refuse",
			trace:   answered(trace("pod/n1", "pod>pod/closed/ipv4@main", "pod/n3 10.244.3.2:40003", "1000 "+toN3+" : tcp 10.244.1.2:43210 10.244.3.2:40003 SYN seq=100", "1200 "+toN1+" : tcp 10.244.3.2:40003 10.244.1.2:43210 RST ACK seq=0 ack=101")),
			outcome: path.Whole,
		},
		{
			name: "the SYN ACK is late and the client gives up",
			trace: trace("pod/n1", podTCP, podToN3, syn13,
				"901200 "+toN1+reply+"SYN ACK seq=900 ack=101",
				"901400 "+toN3+ask+"RST seq=101 len=40"),
			outcome: path.GaveUp, place: "sender-pod at n1", says: "A RST without ACK came from the client: it gave up in the handshake; the SYN ACK came 900 ms late, 900 ms of it beyond n3's veth3",
		},
		{
			name: "the way between two nodes is slow",
			trace: answered(trace("pod/n1", podTCP, podToN3,
				"1000 n1 >veth1 >cni0 flannel.1> eth0>* wait=250000 n3 >eth0* >flannel.1 cni0> veth3>"+ask+"SYN seq=100",
				"251200 "+toN1+reply+"SYN ACK seq=900 ack=101")),
			outcome: path.Late, place: "wire from n1 to n3", says: "The SYN ACK came 250 ms late, 250 ms of it between n1's eth0 and n3's eth0",
		},
		{
			name:    "one echo of five is lost in the receiver",
			trace:   lossy(),
			outcome: path.Lossy, place: "receiver-tunnel at n3", says: "1 of 5 packets of the request that were seen at n3's eth0 were never seen at n3's flannel.1",
		},
		{
			name: "a segment is retransmitted without ACK",
			trace: trace("pod/n1", podTCP, podToN3, syn13, synAck,
				"2000 "+toN3+ask+"PSH ACK seq=101 ack=901 len=90",
				"2300 "+toN3+ask+"PSH ACK seq=101 ack=901 len=90"),
			outcome: path.Retransmitted, place: "receiver-pod at n3", says: "A segment of 90 bytes of the request was retransmitted once without ACK",
		},
	}
}

func lossy() facts.Trace {
	t := trace("pod/n1", podICMP, "pod/n3 10.244.3.2")
	for i := 1; i <= 5; i++ {
		ping := fmt.Sprintf(" : icmp 10.244.1.2 10.244.3.2 echo request id=%d len=84", i)
		if i == 3 {
			watch(&t, fmt.Sprintf("%d000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0*%s", i, ping))
			continue
		}
		watch(&t, fmt.Sprintf("%d000 %s%s", i, toN3, ping))
		watch(&t, fmt.Sprintf("%d200 %s : icmp 10.244.3.2 10.244.1.2 echo reply id=%d len=84", i, toN1, i))
	}
	t.Attempts = []facts.Attempt{{Outcome: facts.OK}, {Outcome: facts.OK}, {Outcome: facts.Timeout}, {Outcome: facts.OK}, {Outcome: facts.OK}}
	return t
}

// blindScenes are those where something was not watched: never fine, never broken.
func blindScenes() []scene {
	captures := func(why string, nodes ...string) func(*facts.Trace) {
		return func(t *facts.Trace) {
			for _, n := range nodes {
				w := node(t, n)
				*w = facts.Watch{Node: n, NotRun: why}
			}
		}
	}
	return []scene{
		{
			name:    "captures are forbidden and a node does not forward",
			cluster: noForwarding("n3"),
			trace:   with(trace("pod/n1", podTCP, podToN3), captures("CAP_NET_RAW is missing", "n1", "n2", "n3")),
			says:    "so where packets vanish is not known; by the configuration the request goes n1 veth1, cni0, flannel.1, eth0; n3 eth0, flannel.1, cni0, veth3: net.ipv4.ip_forward is 0 on n3",
		},
		{
			name:  "captures are forbidden and the configuration is well",
			trace: with(trace("pod/n1", podTCP, podToN3), captures("CAP_NET_RAW is missing", "n1", "n2", "n3")),
			says:  "Nothing was captured (n1: CAP_NET_RAW is missing; n2: CAP_NET_RAW is missing; n3: CAP_NET_RAW is missing)",
		},
		{
			name:  "the flow was not sent",
			trace: with(trace("pod/n1", podTCP, podToN3), func(t *facts.Trace) { t.NotRun, t.Attempts = "the probe pod is not ready", nil }),
			says:  "Nothing was captured (the probe pod is not ready)",
		},
		{
			name:  "the receiver was not watched",
			trace: with(trace("pod/n1", podTCP, podToN3, syn13), captures("the node agent is not ready", "n3")),
			says:  "What was watched was seen; the rest is not known: n3: the node agent is not ready",
		},
		{
			name: "the receiver was not watched but rejects",
			trace: with(trace("pod/n1", podTCP, podToN3, syn13,
				"1500 n1 >flannel.1 cni0> veth1> : icmp 10.244.3.0 10.244.1.2 host prohibited (3/10)"), captures("the node agent is not ready", "n3")),
			outcome: path.Refused, place: "receiver-host at n3", says: "ICMP host prohibited (3/10) came back from n3 (10.244.3.0)",
		},
		{
			name: "a watch that reached its bound proves no absence",
			trace: with(trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0*"+ask+"SYN seq=100"), func(t *facts.Trace) {
				node(t, "n3").Truncated = true
			}),
			says: "the rest is not known: n3: the watch reached its bound before the end",
		},
		{
			name: "nothing was looked at on the hosts",
			cluster: func(s *facts.Snapshot) {
				s.Hosts = nil
			},
			trace:   trace("pod/n1", podTCP, podToN3, "1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1"+ask+"SYN seq=100"),
			outcome: path.Vanished, place: "receiver-host at n3",
		},
	}
}
