package dns

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed truncation.md
var truncationDoc string

// Truncation is the check dns/truncation.
func Truncation() check.Check {
	return check.Check{
		ID: "dns/truncation", Promise: "A DNS answer over 512 and over 1232 bytes arrives, over TCP after a truncated one and in a larger datagram.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods}, Doc: truncationDoc, Ask: askTruncation, Evaluate: evaluateTruncation,
		Services: []string{facts.KindMany},
	}
}

// askTruncation asks the small question too, which dns/service asks anyway: only
// where a small answer comes, a large one that does not come says something of its size.
func askTruncation(scope check.Scope) []facts.Flow {
	return append(askBig(scope), askSmall(scope)...)
}

func askBig(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return asked(scope.OfDNS().Families, facts.ToDNSService, []facts.Via{facts.Big}, facts.FromPod)
}

func askSmall(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return asked(scope.OfDNS().Families, facts.ToDNSService, []facts.Via{facts.DNSUDP, facts.DNSTCP}, facts.FromPod)
}

func evaluateTruncation(s *facts.Snapshot) check.Result {
	if r, ok := serviceKnown(s); !ok {
		return r
	}
	many := s.FurtherService(facts.KindMany)
	switch {
	case many == nil && s.Run.Incomplete != "":
		return check.Unknownf("the Service with many addresses was not made: %s", s.Run.Incomplete)
	case many == nil:
		return check.Unknownf("the Service with many addresses was not made, so no answer is large")
	case many.NotRun != "":
		return check.Unknownf("the Service with many addresses was not made: %s", many.NotRun)
	}
	small := matrix.Lookup(s)
	return matrix.Judge(s, matrix.Spec{
		Flows: askBig(check.ScopeOf(s)), Noun: "places", Holds: "get large answers whole", Remedy: func(p matrix.Place) []check.Remedy { return truncationRemedy(s, p) },
		Rule: func(c matrix.Cell) matrix.Ruling {
			udp, tcp := c.Flow, c.Flow
			udp.Via, tcp.Via = facts.DNSUDP, facts.DNSTCP
			return bigRule(c, small(udp, c.From, c.To.ID), small(tcp, c.From, c.To.ID))
		},
	})
}

// bigRule judges a large answer where small ones come. That those are not known
// does not excuse the large one. It is Partial where it came by TCP, as a
// resolver gets it, and not in one of the larger datagrams.
func bigRule(c matrix.Cell, udp, tcp facts.Outcome) matrix.Ruling {
	missing := func(o facts.Outcome) bool { return o != facts.OK && o != facts.NotRun }
	switch {
	case c.Answer.Outcome == facts.OK && !c.Answer.Partial:
		return matrix.Ruling{Standing: matrix.Right}
	case c.Answer.Outcome == facts.OK:
		return matrix.Warning("gets a large answer by TCP only, not in a datagram over 512 bytes", "get a large answer by TCP only, not in a datagram over 512 bytes")
	case c.Answer.Outcome == facts.NotRun:
		return matrix.Outcome(facts.NotRun)
	case missing(udp) || missing(tcp):
		return matrix.Ruling{Standing: matrix.Aside, Why: "not even a small answer comes by UDP and TCP (see dns/service)"}
	}
	return matrix.Failing("does not get a large answer, while small ones come", "do not get a large answer, while small ones come")
}

func truncationRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := nodeOr(p, c)
	return append([]check.Remedy{{
		Purpose: check.Find, Text: "TCP port 53 must pass as UDP does: look for a rule that names UDP alone", Node: node,
		Command: "nft list ruleset | grep -nE 'dport 53'; iptables-save | grep -nE 'dport 53'",
	}, {
		Purpose: check.Find, Text: "Look for a NetworkPolicy that names UDP alone",
		Command: "kubectl get networkpolicies -A -o yaml | grep -nE 'name:|protocol:|port: 53'",
	}, {
		Purpose: check.Find, Text: "Where only the datagram of 4096 bytes is missing, its fragments are dropped: see mtu/path, and rules that drop fragments", Node: node,
		Command: "nstat -az IpReasmFails IpReasmTimeout IpFragFails; sysctl net.ipv4.ipfrag_high_thresh net.netfilter.nf_conntrack_frag6_high_thresh",
	}, {
		Purpose: check.Last, Text: "Where fragments are dropped: let CoreDNS keep its answers in one packet (\"bufsize 1232\" in the Corefile)",
		Command: remedies.DNS(s).EditCorefile() + " && " + remedies.DNS(s).Rollout("restart"),
	}, {
		Purpose: check.Verify, Text: "Check the large answer in the four ways: truncated with TCP after it, by TCP alone, and in one datagram of 1232 and of 4096 bytes; none may time out", Node: c.From.Node,
		Command: fmt.Sprintf("for how in +noedns +tcp +bufsize=1232 +bufsize=4096; do dig +tries=1 +time=2 $how @%s %s | grep -E 'flags|SIZE|timed out'; done", c.To.Addr, c.To.Name),
	}}, letPass(c, node, "tcp", "udp")...)
}
