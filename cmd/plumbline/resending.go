package main

import (
	specs "github.com/plumbline-net/plumbline/framework/run"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// resent is what a run does where something failed (framework/collect and
// framework/topology bound it).
const resent = "Where pairs fail, at most five flows are sent again while the nodes on their way capture them (and nothing else):\n" +
	"8 s, 2,000 packets and 4 MiB a node each, 45 s in all, written beside the report (--no-trace leaves it out).\n" +
	"It needs NET_RAW on the node agents, which they have; where a node refuses it, the report says so and tells what\n" +
	"follows from configuration. "

const (
	withReasons    = "BPF and PERFMON are added, to ask the kernel why it drops packets (--drop-reasons)."
	withoutReasons = "The kernel is not asked why it drops packets: --drop-reasons adds BPF and PERFMON for that."
	notResent      = "Nothing is sent again with captures: where packets vanish is told as far as it follows from configuration and\n" +
		"counters. "
)

// resending says what a run with these flags sends again; "" where it probes nothing.
func (f *runFlags) resending(needs topology.Requirement) string {
	switch {
	case len(needs.Flows) == 0:
		return ""
	case f.noTrace:
		return notResent + "The reason is --no-trace."
	case f.profile == specs.Smoke:
		return notResent + "The reason is --profile smoke."
	case !needs.Hosts:
		return notResent + "The reason is that no node agent is placed, and only these can capture."
	case f.dropReasons:
		return resent + withReasons
	}
	return resent + withoutReasons
}
