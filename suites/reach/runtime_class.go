package reach

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed runtime_class.md
var runtimeClassDoc string

// RuntimeClass is the check reach/runtime-class.
func RuntimeClass() check.Check {
	return check.Check{
		ID: "reach/runtime-class", Promise: "Pods of every RuntimeClass asked for start on every node, reach ordinary pods, the Service and the cluster DNS, and are reached.",
		Level: check.OptIn, Needs: []check.Need{check.NeedConfig, check.NeedPods}, Doc: runtimeClassDoc,
		Ask: askRuntimeClass, Evaluate: evaluateRuntimeClass,
	}
}

func askRuntimeClass(scope check.Scope) []facts.Flow {
	if len(scope.Config.RuntimeClasses) == 0 {
		return nil
	}
	out := slices.Concat(
		cross(scope, facts.FromRuntime, facts.ToPod, facts.TCP, facts.UDP), cross(scope, facts.FromPod, facts.ToRuntime, facts.TCP, facts.UDP),
		cross(scope, facts.FromRuntime, facts.ToClusterIP, facts.TCP))
	if scope.HasDNS {
		out = append(out, cross(scope.OfDNS(), facts.FromRuntime, facts.ToDNSService, facts.DNSUDP, facts.DNSTCP)...)
	}
	return out
}

func evaluateRuntimeClass(s *facts.Snapshot) check.Result {
	classes := s.Configured().RuntimeClasses
	if len(classes) == 0 {
		return check.Skipf("the configuration names no RuntimeClass (runtimeClasses)")
	}
	return matrix.Judge(s, matrix.Spec{
		Flows: askRuntimeClass(check.ScopeOf(s)), Also: notStarted(s, classes), Remedy: func(p matrix.Place) []check.Remedy { return runtimeRemedy(s, p) },
	})
}

// notStarted are the probe pods of the classes that did not come up, one finding
// for each class and reason.
func notStarted(s *facts.Snapshot, classes []string) []check.Finding {
	type place struct {
		class, says string
		verdict     check.Verdict
	}
	nodes, order := map[place][]string{}, []place{}
	for _, class := range classes {
		for _, n := range s.Selected() {
			verdict, says := started(n, class)
			if says == "" {
				continue
			}
			p := place{class, says, verdict}
			if nodes[p] == nil {
				order = append(order, p)
			}
			nodes[p] = append(nodes[p], n.Name)
		}
	}
	var out []check.Finding
	for _, p := range order {
		on := nodes[p]
		slices.Sort(on)
		f := check.Finding{Subject: "RuntimeClass " + p.class, Nodes: on, Verdict: p.verdict}
		f.Says = fmt.Sprintf("no probe pod of RuntimeClass %s on %s: %s", p.class, some(on, 6), p.says)
		if p.verdict == check.Fail {
			f.Evidence = []check.Evidence{{Node: on[0], Source: "events and state of the probe pod", Text: p.says}}
			f.Remedy = startRemedy(p.class, on[0])
		}
		out = append(out, f)
	}
	return out
}

// started says what keeps a class's pod on a node from being Ready, or "".
func started(n facts.Node, class string) (check.Verdict, string) {
	i := slices.IndexFunc(n.RuntimeAgents, func(r facts.RuntimeAgent) bool { return r.Class == class })
	if i < 0 {
		return check.Unknown, "none was placed, and nothing says why"
	}
	agent := n.RuntimeAgents[i].Agent
	switch {
	case agent.Ready:
		return check.Pass, ""
	case len(agent.Trouble) > 0:
		var words []string
		for _, e := range agent.Trouble[:min(2, len(agent.Trouble))] {
			words = append(words, strings.Trim(e.Reason+": "+e.Message, ": "))
		}
		return check.Fail, strings.Join(words, "; ")
	case agent.NotRun != "":
		return check.Unknown, agent.NotRun
	}
	return check.Fail, "it did not become Ready, and no event says why"
}

func startRemedy(class, node string) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "Does the class exist, and which handler does it name?", Command: "kubectl get runtimeclass " + class + " -o yaml"},
		{
			Purpose: check.Find,
			Text:    "The container runtime must know a handler of that name on this node", Node: node,
			Command: "crictl info | grep -iA3 runtimes; containerd config dump | grep -A4 'runtimes\\.'; journalctl -u containerd -u kubelet --since -10min | tail -50",
		},
		{
			Text:    "Let the node's runtime read its configuration again, where the handler stands there (/etc/containerd/config.toml, /etc/crio/crio.conf.d); otherwise install it, as its project says",
			Node:    node,
			Command: "systemctl restart containerd 2>/dev/null || systemctl restart crio",
		},
		{Purpose: check.Verify, Text: "Check: a pod of the class must start", Command: fmt.Sprintf(
			`kubectl run try-%s --rm -i --restart=Never --image=busybox --overrides='{"spec":{"runtimeClassName":"%s","nodeName":"%s"}}' -- true`, class, class, node)},
	}
}

// some joins names, and counts those beyond most.
func some(names []string, most int) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
