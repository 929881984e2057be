package mtu

import (
	"cmp"
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed path.md
var pathDoc string

// Path is the check mtu/path.
func Path() check.Check {
	return check.Check{
		ID: "mtu/path", Promise: "Between any two pods and any two hosts, a packet as large as the sender's interface allows arrives whole.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: pathDoc, Ask: sized(facts.PMTU),
		Evaluate: func(s *facts.Snapshot) check.Result {
			return judged(facts.PMTU, matrix.Spec{
				Rule: pathRule, Holds: "carry the full size of the sender's interface",
				Remedy: func(p matrix.Place) []check.Remedy { return pathRemedy(s, p) },
			})(s)
		},
	}
}

// pathRule tells three things apart: the sender's own kernel refuses the size,
// a router on the way refuses it and says so, and it vanishes in silence. Where the
// sender is told, path MTU discovery (RFC 1191, RFC 8201) lets connections adapt.
func pathRule(c matrix.Cell) matrix.Ruling {
	if c.Answer.Outcome == facts.OK {
		return matrix.Ruling{Standing: matrix.Right}
	}
	if c.Detail == nil || c.Detail.PathMTU == 0 {
		if c.Answer.Outcome == facts.TooBig {
			return matrix.Outcome(facts.TooBig)
		}
		return matrix.Ruling{Standing: matrix.Aside, Why: "not even small packets arrive (see reach/pod-to-pod and reach/host-to-host)"}
	}
	sizes := fmt.Sprintf("over %d bytes (interface MTU %d)", c.Detail.PathMTU, fullSize(c))
	if c.Answer.Outcome != facts.TooBig {
		return matrix.Failing("loses packets "+sizes+" in silence, a black hole", "lose packets "+sizes+" in silence, a black hole")
	}
	if told := c.Telling(); told.ICMP != nil {
		return matrix.Warning("is told by ICMP that packets "+sizes+" do not fit", "are told by ICMP that packets "+sizes+" do not fit")
	}
	return matrix.Warning("has packets "+sizes+" refused by its own kernel", "have packets "+sizes+" refused by their own kernel")
}

// fullSize is the MTU of the interface towards this target: the largest size that was tried.
func fullSize(c matrix.Cell) int {
	size := 0
	for _, a := range c.Detail.Attempts {
		size = max(size, a.Size)
	}
	return cmp.Or(size, c.MTU)
}

func pathRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	size := 0
	if c.Detail != nil {
		size = c.Detail.PathMTU
	}
	node := cmp.Or(p.Node(), c.From.Node)
	steps := []check.Remedy{{
		Purpose: check.Find, Text: "Compare the MTUs along the path with another node's: pod interface, bridge, tunnel and NIC, at both ends; one that is smaller than all others is to be corrected there", Node: node,
		Command: "ip -d link show | grep -E 'mtu|vxlan|geneve|ipip|wireguard'; ip route get " + c.To.Addr.String(),
	}, {
		Purpose: check.Find, Text: "Find the link that is narrower: this names the hop where the size changes", Node: c.From.Node,
		Command: fmt.Sprintf("tracepath -n %s; ping -M do -c 3 -s %d %s", c.To.Addr, max(size-28, 0)+1, c.To.Addr),
	}}
	if c.Answer.Outcome != facts.TooBig {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "Nobody says that the packets are too big: every firewall on the path has to let ICMP type 3 code 4 (IPv6: type 2) through. See whether any comes", Node: c.From.Node,
			Command: "timeout 20 tcpdump -ni any 'icmp[icmptype] == 3 or icmp6'",
		})
	}
	if size > 0 {
		steps = append(steps, check.Remedy{
			Text: fmt.Sprintf("Where the path cannot be made wider: give the interface towards it the size that passes (%d), so that senders are told at once", size), Node: c.From.Node,
			Command: towards(c.To.Addr, size),
		})
	}
	if c.Flow.From == facts.FromPod {
		return append(steps, keepCNI(s, size), remedies.Again("mtu/path"))
	}
	return append(steps, keepLink(c.From.Node, "", size), remedies.Again("mtu/path"))
}
