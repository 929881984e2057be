// Package controls knows the packets of a run that no network has to deliver: the
// negative controls, and the probe of its own tunnel's port that a host of older runs
// sent to itself.
// A rule that counted no others says nothing about the network. It is pure.
package controls

import (
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// probe is one control probe as the rules of a node see it.
type probe struct {
	netfilter.Packet
	// most is how many packets it was at most.
	most uint64
	// refused: what came back may be the answer of a closed port, or of a rule.
	refused bool
}

// Account says whether all packets that a rule or policy of a node counted may have
// been control probes. stops tells the rule; rules are those of the node. A probe
// that was answered as a closed port answers is counted only where the rule is
// certain to have met it.
func Account(s *facts.Snapshot, node facts.Node, rules *netfilter.Ruleset, stops func(netfilter.Stop) bool, counted uint64) bool {
	sent := probesAt(s, node)
	total := uint64(0)
	for _, p := range sent {
		total += p.most
	}
	if counted == 0 || counted > total {
		return false
	}
	met := uint64(0)
	for _, p := range sent {
		if p.meets(rules, stops) {
			met += p.most
		}
		if met >= counted {
			return true
		}
	}
	return false
}

func (p probe) meets(rules *netfilter.Ruleset, stops func(netfilter.Stop) bool) bool {
	follow := rules.Forward
	if p.ToHost {
		follow = rules.Input
	}
	trace, err := follow(p.Packet)
	if err != nil {
		return false
	}
	may, certain := trace.Meets(stops)
	return certain || may && !p.refused
}

// probesAt are the control probes that a node had to take in or to forward.
func probesAt(s *facts.Snapshot, node facts.Node) []probe {
	var out []probe
	for _, m := range s.Matrices {
		all := controlled(m)
		towards := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return m.Targets[i].Node != node.Name })
		for _, row := range m.Rows {
			columns := towards
			if row.From.Node == node.Name {
				columns = all
			}
			for _, i := range columns {
				if row.NotRun != "" || i >= len(row.Cells) {
					continue
				}
				to, cell := m.Targets[i], row.Cells[i]
				if !Control(m.Flow, row.From, to) || !maybeDropped(cell.Outcome) {
					continue
				}
				packet, passes := packetAt(s, node, m.Flow, row.From, to)
				if !passes {
					continue
				}
				out = append(out, probe{Packet: packet, most: packetsOf(m.Flow.Via, cell, row.Detail(i)), refused: cell.Outcome == facts.Refused})
			}
		}
	}
	return out
}

// controlled are the columns of a matrix that can hold control probes.
func controlled(m facts.Matrix) []int {
	var out []int
	for i, t := range m.Targets {
		if m.Flow.To == facts.ToTunnel || m.Flow.Via == facts.Closed || t.Silent {
			out = append(out, i)
		}
	}
	return out
}

// Control says whether a probe is one that no network has to deliver.
func Control(f facts.Flow, from facts.Vantage, to facts.Target) bool {
	return f.ToItself(from, to) || f.Via == facts.Closed || to.Silent
}

// maybeDropped: a rule may be why it ended so. A probe that came through met none.
func maybeDropped(o facts.Outcome) bool {
	return o == facts.Timeout || o == facts.Unreachable || o == facts.Refused
}

// packetAt is a probe as it passes a node; passes is false where it does not come in there.
func packetAt(s *facts.Snapshot, node facts.Node, f facts.Flow, from facts.Vantage, to facts.Target) (p netfilter.Packet, passes bool) {
	p = netfilter.Packet{Family: f.Family, Protocol: protocolOf(f.Via), Port: to.Port, Dst: one(to.Addr)}
	atHost := f.To == facts.ToHost || f.To == facts.ToTunnel || f.To == facts.ToNodePort || f.To == facts.ToNodePortLocal
	p.ToHost = atHost && to.Node == node.Name
	sender := s.Node(from.Node)
	if sender == nil {
		return p, p.ToHost // the runner: its address is not known
	}
	if from.Kind == facts.FromHost && from.Node == node.Name && to.Node != node.Name {
		return p, false // the host's own packets leave by OUTPUT
	}
	for _, a := range sourcesOf(*sender, from.Kind) {
		if dataplane.Of(a) == f.Family {
			p.Src = append(p.Src, one(a)...)
		}
	}
	if from.Kind == facts.FromHost && from.Node == to.Node && p.ToHost {
		p.In = []string{"lo"} // ip-route(8): what a host sends to itself passes the loopback interface
	}
	return p, true
}

// sourcesOf are the addresses that a probe may come from; a pod's may have its node's.
func sourcesOf(n facts.Node, kind facts.VantageKind) []netip.Addr {
	if kind == facts.FromPod {
		return slices.Concat(n.PodAgent.Addrs, n.Internal)
	}
	return n.Internal
}

func one(a netip.Addr) []netip.Prefix {
	if !a.IsValid() {
		return nil
	}
	return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}
}

func protocolOf(v facts.Via) string {
	switch v {
	case facts.UDP, facts.Tunnel, facts.DNSUDP:
		return "udp"
	case facts.ICMP:
		return "icmp"
	default:
		return "tcp"
	}
}

// packetsOf is how many packets the attempts of a cell were. TCP sends its SYN again
// after one, three, seven … seconds (tcp(7), tcp_syn_retries).
func packetsOf(v facts.Via, cell facts.Cell, d *facts.Detail) uint64 {
	if d == nil || len(d.Attempts) == 0 {
		return packets(v, cell.RTT)
	}
	sum := uint64(0)
	for _, a := range d.Attempts {
		sum += packets(v, a.Micros)
	}
	return sum
}

func packets(v facts.Via, micros int) uint64 {
	if protocolOf(v) != "tcp" {
		return 1
	}
	seconds := uint64(max(0, micros)) / uint64(time.Second/time.Microsecond)
	return uint64(bits.Len64(seconds + 1))
}
