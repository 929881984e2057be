package service

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed large_transfer.md
var largeTransferDoc string

// LargeTransfer is the check service/large-transfer.
func LargeTransfer() check.Check {
	return check.Check{
		ID: "service/large-transfer", Promise: "A megabyte passes both ways over one connection to pods, through the ClusterIP and through NodePorts, from pods, hosts and outside.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: largeTransferDoc,
		Ask: askLargeTransfer, Evaluate: evaluateLargeTransfer,
	}
}

func askLargeTransfer(scope check.Scope) []facts.Flow {
	bulk := []facts.Via{facts.Bulk}
	var out []facts.Flow
	for _, to := range []facts.TargetKind{facts.ToPod, facts.ToClusterIP, facts.ToNodePort} {
		out = append(out, flows(scope, facts.Main, to, bulk, facts.FromPod, facts.FromHost)...)
	}
	if scope.Runner {
		out = append(out, flows(scope, facts.Main, facts.ToNodePort, bulk, facts.FromRunner)...)
	}
	return out
}

func evaluateLargeTransfer(s *facts.Snapshot) check.Result {
	r := matrix.Judge(s, matrix.Spec{
		Flows: askLargeTransfer(check.ScopeOf(s)), Rule: transferRule(s), Holds: "carry a megabyte both ways",
		Remedy: func(p matrix.Place) []check.Remedy { return transferRemedy(s, p) },
	})
	seen := transfersOf(s)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Verdict != check.Fail || len(f.Pairs) == 0 {
			continue
		}
		least, most, stuck := seen.passed(f.Pairs)
		if stuck {
			f.Says += fmt.Sprintf("; MTU suspected: %s of %d bytes came back", between(least, most), facts.BulkBytes)
			f.Evidence = append(f.Evidence, sizes(s, f.Pairs[0])...)
		}
	}
	return r
}

// transferRule: a connection that is made and then gets stuck carries small
// packets and no large ones. One that is not made at all, or a pair whose small
// packets are lost as well, is another check's matter: a proxy or a program of eBPF
// may take a connection on behalf of a far end that a policy keeps it from.
func transferRule(s *facts.Snapshot) func(matrix.Cell) matrix.Ruling {
	outcomes := matrix.Lookup(s)
	return func(c matrix.Cell) matrix.Ruling {
		if c.Answer.Outcome == facts.OK || c.Answer.Outcome == facts.NotRun {
			return matrix.Answers(c)
		}
		if c.Detail == nil || !slices.ContainsFunc(c.Detail.Attempts, func(a facts.Attempt) bool { return a.Connected }) {
			return matrix.Ruling{Standing: matrix.Aside, Why: "no connection is made at all (see " + small(c.Flow) + ")"}
		}
		for _, via := range []facts.Via{facts.TCP, facts.UDP} { // ICMP is often kept out where nothing else is
			few := c.Flow
			few.Via = via
			if o := outcomes(few, c.From, c.To.ID); o != facts.OK && o != facts.NotRun {
				return matrix.Ruling{Standing: matrix.Aside, Why: "small packets of the pair are lost, too (see " + small(c.Flow) + ")"}
			}
		}
		return stuck(c.Answer.Outcome)
	}
}

// stuck is the ruling for a connection that carries small packets.
func stuck(o facts.Outcome) matrix.Ruling {
	switch o {
	case facts.Reset:
		return matrix.Failing("connects, and is cut off in the middle", "connect, and are cut off in the middle")
	case facts.Garbled:
		return matrix.Failing("connects, and gets other bytes back", "connect, and get other bytes back")
	default:
		return matrix.Failing("connects, and then gets stuck", "connect, and then get stuck")
	}
}

// small is the check that asks the same with small packets.
func small(f facts.Flow) string {
	switch {
	case f.To == facts.ToClusterIP:
		return "service/cluster-ip"
	case f.To == facts.ToNodePort:
		return "service/node-port"
	case f.From == facts.FromHost:
		return "reach/host-to-pod"
	}
	return "reach/pod-to-pod"
}

// between writes a range of numbers.
func between(least, most int) string {
	if least == most {
		return figures.Grouped(most)
	}
	return figures.Grouped(least) + " to " + figures.Grouped(most)
}

func transferRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	again := remedies.Again("service/large-transfer", "mtu/*")
	if c.Answer.Outcome == facts.Garbled {
		return []check.Remedy{{
			Text: "Bytes are changed on the way: switch checksum and segmentation offload off on the NIC", Node: firstOf(p.Node(), c.From.Node),
			Command: "ethtool -K $(ip route show default | awk '{print $5; exit}') tx off rx off tso off gso off gro off",
		}, {
			Purpose: check.Last, Text: "Where that helped, keep it off at every start, until the card's driver or firmware is mended", Node: firstOf(p.Node(), c.From.Node),
			Command: "printf '[Match]\\nOriginalName=%s\\n[Link]\\nTransmitChecksumOffload=no\\nReceiveChecksumOffload=no\\nTCPSegmentationOffload=no\\nGenericSegmentationOffload=no\\nGenericReceiveOffload=no\\n' $(ip route show default | awk '{print $5; exit}') > /etc/systemd/network/50-offload.link",
		}, again}
	}
	sender := c.From.Node
	if sender == "" {
		sender = "the machine that runs plumbline"
	}
	steps := []check.Remedy{{
		Purpose: check.Find,
		Text:    "Compare the MTUs along the path at both ends: interface, bridge, tunnel, NIC", Node: firstOf(p.Node(), c.From.Node, c.To.Node),
		Command: "ip -o link show up | awk '{print $2, $4, $5}'; ip route get " + c.To.Addr.String(),
	}, {
		Purpose: check.Find,
		Text:    "Find the size that passes, from " + sender + ": the largest that is answered plus 28 (IPv6: 48) is the path's MTU", Node: c.From.Node,
		Command: fmt.Sprintf("for s in 1472 1422 1412 1392 1372 1272; do ping -M do -c 2 -W 1 -q -s $s %s | grep -q ' 0%% packet loss' && echo $s passes; done; tracepath -n %s", c.To.Addr, c.To.Addr),
	}, {
		Purpose: check.Last,
		Text:    "Mend it at the root: the same MTU on every link of the path, or the CNI's MTU low enough (NIC's minus 50 for VXLAN); pods take a new MTU when they are made anew",
		Command: remedies.ShowConfig(s),
	}, {
		Text: "Let the nodes lower the segment size of connections that they forward (MSS clamping), and let ICMP \"fragmentation needed\" through", Node: firstOf(p.Node(), c.To.Node),
		Command: tablesOf(c) + " -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
	}}
	return append(steps, again)
}
