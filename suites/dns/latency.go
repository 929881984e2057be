package dns

import (
	_ "embed"
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed latency.md
var latencyDoc string

// Latency is the check dns/latency.
func Latency() check.Check {
	return check.Check{
		ID: "dns/latency", Promise: "Of a series of A and AAAA questions sent at once over one socket none is lost, and no node or replica is far slower than the others.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods}, Doc: latencyDoc, Ask: askLatency, Evaluate: evaluateLatency,
	}
}

func askLatency(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	race := []facts.Via{facts.Race}
	return append(asked(scope.OfDNS().Families, facts.ToDNSService, race, facts.FromPod),
		asked(scope.Families, facts.ToDNSReplica, race, facts.FromPod)...)
}

func evaluateLatency(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	flows := racing(s)
	if len(flows) == 0 {
		return check.Unknownf("the cluster DNS has neither a replica nor a Service with an address that could be asked")
	}
	races := racesOf(s, flows)
	r := matrix.Judge(s, matrix.Spec{
		Flows: flows, Noun: "ways to the cluster DNS", Holds: "lose no question", JudgesLoss: true, Rule: raceRule, Remedy: func(p matrix.Place) []check.Remedy { return raceRemedy(s, p) },
		Also: races.outliers(s),
	})
	for i := range r.Findings {
		races.tell(&r.Findings[i])
	}
	if r.Verdict != check.Unknown {
		r.Why += races.summary()
	}
	return r
}

// racing are the flows that this cluster can have: one family of the Service,
// the families in which the replicas have addresses.
func racing(s *facts.Snapshot) []facts.Flow {
	var replicas, service []netip.Addr
	for _, p := range s.Cluster.DNSPods {
		replicas = append(replicas, p.Addrs...)
	}
	for _, a := range s.Cluster.DNS {
		service = append(service, a.Addr())
	}
	var out []facts.Flow
	for _, f := range askLatency(check.ScopeOf(s)) {
		addrs := service
		if f.To == facts.ToDNSReplica {
			addrs = replicas
		}
		if inFamily(addrs, f.Family) {
			out = append(out, f)
		}
	}
	return out
}

// fiveSeconds is what a wait of a resolver for its next try looks like, in
// microseconds, with room for clocks (resolv.conf(5): timeout, 5 s).
const fiveSeconds = 4500000

// rule: one lost question of a pair is what applications meet as a wait of five
// seconds; where nothing at all came back, other checks say so.
func raceRule(c matrix.Cell) matrix.Ruling {
	series := c.Series
	switch {
	case series.Sent == 0:
		return matrix.Ruling{Standing: matrix.Open, Why: "the series was not sent"}
	case series.Lost == series.Sent:
		return matrix.Ruling{Standing: matrix.Aside, Why: "not one question was answered (see dns/replica and dns/service)"}
	case series.Lost > 0:
		return matrix.Warning("loses a share of its questions", "lose a share of their questions")
	case series.Worst >= fiveSeconds:
		return matrix.Warning("waits about five seconds for an answer", "wait about five seconds for an answer")
	default:
		return matrix.Ruling{Standing: matrix.Right}
	}
}

func raceRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	return []check.Remedy{{
		Purpose: check.Find,
		Text:    "Two packets of one socket that meet in conntrack are the usual reason (kubernetes#56903): see whether insert_failed grows while names are asked", Node: nodeOr(p, c),
		Command: "conntrack -S | grep -o 'insert_failed=[0-9]*'; sleep 10; conntrack -S | grep -o 'insert_failed=[0-9]*'; uname -r",
	}, {
		Purpose: check.Find,
		Text:    "Is it loss on the way? Ask a hundred times, each from a new socket", Node: c.From.Node,
		Command: fmt.Sprintf("for i in $(seq 100); do dig +tries=1 +time=1 @%s %s >/dev/null || echo lost; done | sort | uniq -c", c.To.Addr, question(*c.To)),
	}, {
		Purpose: check.Find, Text: "Is one replica short of CPU?",
		Command: remedies.DNS(s).Pods() + "; " + remedies.DNS(s).Top(),
	}, restartReplicas(s, "Let the replicas be recreated, where one of them hangs or is starved"), {
		Purpose: check.Last, Text: "Where it is the race: a node-local cache asks by TCP and without NAT (Kubernetes documentation, \"Using NodeLocal DNSCache\"); kernels from 5.1 on have most of the repair; or applications use single-request-reopen",
		Command: "kubectl get daemonsets -A | grep -i dns; kubectl get nodes -o custom-columns=NAME:.metadata.name,KERNEL:.status.nodeInfo.kernelVersion",
	}, remedies.Again("dns/latency")}
}

// millis writes microseconds as milliseconds.
func millis(micros int) string {
	if micros < 10000 {
		return fmt.Sprintf("%d.%d ms", micros/1000, micros%1000/100)
	}
	return figures.Grouped(micros/1000) + " ms"
}
