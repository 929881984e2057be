package reach

import (
	"cmp"
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed closed_port.md
var closedPortDoc string

// ClosedPort is the check reach/closed-port, a negative control.
func ClosedPort() check.Check {
	return check.Check{
		ID: "reach/closed-port", Promise: "A port on which nothing listens is refused at once by the far end.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: closedPortDoc,
		Ask: func(scope check.Scope) []facts.Flow {
			return append(closedFlows(scope), openFlows(scope)...)
		},
		Evaluate: func(s *facts.Snapshot) check.Result {
			return matrix.Judge(s, matrix.Spec{
				Flows: closedFlows(check.ScopeOf(s)), Rule: closedRule(s), Holds: "refuse a closed port at once",
				Remedy: func(p matrix.Place) []check.Remedy { return closedRemedy(s, p) },
			})
		},
	}
}

func closedFlows(scope check.Scope) []facts.Flow {
	return append(cross(scope, facts.FromPod, facts.ToPod, facts.Closed), cross(scope, facts.FromPod, facts.ToHost, facts.Closed)...)
}

// openFlows are the same pairs at a port that is open: a pair which fails there
// says nothing about closed ports.
func openFlows(scope check.Scope) []facts.Flow {
	return append(cross(scope, facts.FromPod, facts.ToPod, facts.TCP), cross(scope, facts.FromPod, facts.ToHost, facts.TCP)...)
}

func closedRule(s *facts.Snapshot) func(matrix.Cell) matrix.Ruling {
	connects := matrix.Lookup(s)
	return func(c matrix.Cell) matrix.Ruling {
		open := c.Flow
		open.Via = facts.TCP
		o := connects(open, c.From, c.To.ID)
		switch {
		case o == facts.NotRun && c.Answer.Outcome != facts.Refused:
			return matrix.Ruling{Standing: matrix.Open, Why: "whether they connect to an open port was not observed"}
		case o != facts.NotRun && o != facts.OK:
			return matrix.Ruling{Standing: matrix.Aside, Why: "they do not connect to an open port either (see reach/pod-to-pod and reach/pod-to-host)"}
		}
		return closed(c.Answer.Outcome)
	}
}

// closed judges the answer of a closed port.
func closed(o facts.Outcome) matrix.Ruling {
	switch o {
	case facts.Refused:
		return matrix.Ruling{Standing: matrix.Right}
	case facts.OK:
		return matrix.Failing("connects to a closed port", "connect to a closed port")
	case facts.Timeout:
		return matrix.Failing("hears nothing from a closed port (a silent filter)", "hear nothing from a closed port (a silent filter)")
	case facts.Unreachable:
		return matrix.Failing("gets an ICMP error from a closed port (a rejecting filter)", "get an ICMP error from a closed port (a rejecting filter)")
	case facts.NotRun, facts.Reset, facts.TooBig, facts.Garbled:
		return matrix.Outcome(o)
	}
	return matrix.Outcome(o)
}

func closedRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	again := remedies.Again("reach/closed-port")
	if c.Answer.Outcome == facts.OK {
		return []check.Remedy{{
			Purpose: check.Find, Text: "Something answers in place of the pod: look for a transparent proxy (a service mesh, REDIRECT or TPROXY rules)", Node: c.From.Node,
			Command: fmt.Sprintf("%s-save | grep -nE 'REDIRECT|TPROXY'; nft list ruleset | grep -nE 'redirect|tproxy'", iptables(c)),
		}, {
			Purpose: check.Find, Text: "See which sidecars or policies the namespace injects",
			Command: "kubectl get mutatingwebhookconfigurations; kubectl get pods -A -o wide | grep -iE 'istio|linkerd|envoy|kuma'",
		}, {
			Text:    "Leave the suite's namespace out of the mesh, and run again; what stands in the rules afterwards is not the mesh's, and has to go",
			Command: fmt.Sprintf("kubectl label --overwrite namespace %[1]s istio-injection=disabled; kubectl annotate --overwrite namespace %[1]s linkerd.io/inject=disabled", cmp.Or(s.Run.Namespace, "default")),
		}, again}
	}
	return []check.Remedy{{
		Purpose: check.Find, Text: "Look for the filter at the receiver: chains of a firewall manager or security agent, and NetworkPolicies that select the probe pods", Node: c.To.Node,
		Command: fmt.Sprintf("%s-save -c | grep -nE 'DROP|REJECT'; nft -a list ruleset | grep -nE 'drop|reject|^table|chain'", iptables(c)),
	}, {
		Purpose: check.Find, Text: "List the policies of the cluster",
		Command: "kubectl get networkpolicies -A",
	}, {
		Text: "Let the packets of the pod network pass before that rule; one that counts has the command to delete it in firewall/drops", Node: c.To.Node,
		Command: fmt.Sprintf("%s -I FORWARD -d %s -p tcp -j ACCEPT", iptables(c), c.To.Addr),
	}, remedies.WhereWritten(c.To.Node, "Take the rule out of what wrote it, or it is back after the next boot or reload", "DROP|REJECT|drop|reject"), again}
}
