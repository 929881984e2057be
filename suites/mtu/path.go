package mtu

import (
	"cmp"
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed path.md
var pathDoc string

// Path is the check mtu/path.
func Path() check.Check {
	return check.Check{
		ID: "mtu/path", Promise: "Between any two pods and any two hosts, a packet as large as the sender's interface allows arrives whole.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: pathDoc, Ask: sized(facts.PMTU),
		Evaluate: judged(facts.PMTU, matrix.Spec{Rule: pathRule, Holds: "carry the full size of the sender's interface", Remedy: pathRemedy}),
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

func pathRemedy(p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	size := 0
	if c.Detail != nil {
		size = c.Detail.PathMTU
	}
	steps := []check.Remedy{{
		Text: "Compare the MTUs along the path: pod interface, bridge, tunnel and NIC, at both ends", Node: cmp.Or(p.Node(), c.From.Node),
		Command: "ip -d link show | grep -E 'mtu|vxlan|geneve|ipip|wireguard'; ip route get " + c.To.Addr.String(),
	}, {
		Text: "Find the link that is narrower: this names the hop where the size changes", Node: c.From.Node,
		Command: fmt.Sprintf("tracepath -n %s; ping -M do -c 3 -s %d %s", c.To.Addr, max(size-28, 0)+1, c.To.Addr),
	}}
	if c.Answer.Outcome != facts.TooBig {
		steps = append(steps, check.Remedy{
			Text: "Nobody says that the packets are too big: let ICMP type 3 code 4 (IPv6: type 2) through every firewall on the path", Node: c.From.Node,
			Command: "tcpdump -ni any 'icmp[icmptype] == 3 or icmp6'",
		})
	}
	if c.Flow.From == facts.FromPod {
		return append(steps, check.Remedy{
			Text: fmt.Sprintf("Set the CNI's MTU so that it fits (%d or less for pods here), or mend the link; pods take a new MTU when they are made anew", size),
			Command: "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml; " +
				"kubectl -n kube-system get configmap calico-config cilium-config -o yaml --ignore-not-found",
		})
	}
	return append(steps, check.Remedy{
		Text: fmt.Sprintf("Give both ends the MTU which the link between them carries (%d here), or mend the link", size), Node: c.From.Node,
		Command: "ip -br link; ip -s link",
	})
}
