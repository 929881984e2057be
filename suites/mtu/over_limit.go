package mtu

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed over_limit.md
var overLimitDoc string

// OverLimit is the check mtu/over-limit, the negative control of mtu/path.
func OverLimit() check.Check {
	return check.Check{
		ID: "mtu/over-limit", Promise: "A packet one byte larger than the sender's interface allows, and not to be fragmented, is refused at the sender.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: overLimitDoc, Ask: sized(facts.Over),
		Evaluate: judged(facts.Over, matrix.Spec{Rule: overRule, Holds: "refuse a packet one byte too large", Remedy: overRemedy}),
	}
}

func overRule(c matrix.Cell) matrix.Ruling {
	switch c.Answer.Outcome {
	case facts.TooBig:
		return matrix.Ruling{Standing: matrix.Right}
	case facts.OK:
		return matrix.Failing("delivers a packet larger than the interface", "deliver a packet larger than the interface")
	case facts.Timeout:
		return matrix.Failing("sends a packet larger than the interface", "send a packet larger than the interface")
	case facts.NotRun, facts.Refused, facts.Unreachable, facts.Reset, facts.Garbled:
		return matrix.Ruling{Standing: matrix.Aside, Why: "the packet failed for another reason (see reach/pod-to-pod and reach/host-to-host)"}
	}
	return matrix.Outcome(c.Answer.Outcome)
}

func overRemedy(p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	dev := "$(ip -o route get " + c.To.Addr.String() + " | grep -oP 'dev \\K\\S+')"
	return []check.Remedy{{
		Purpose: check.Find,
		Text: "The sender's kernel did not hold to its interface's MTU, so what mtu/path measured from here cannot be trusted: " +
			"look for software that re-segments or rewrites packets below the socket", Node: c.From.Node,
		Command: "ip -d link show; ip route get " + c.To.Addr.String() + "; tc filter show dev " + dev,
	}, {
		Text: "Where a filter stands there that is not the network plugin's, take it off the interface, and stop the program that sets it", Node: c.From.Node,
		Command: "tc qdisc del dev " + dev + " clsact",
	}, remedies.Again("mtu/over-limit")}
}
