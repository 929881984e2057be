package dns

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// lateFindings makes one finding of every kind of bad beginning, with all its nodes.
func lateFindings(s *facts.Snapshot, groups map[string][]begin) []check.Finding {
	var out []check.Finding
	for _, key := range sortedKeys(groups) {
		g := groups[key]
		f := check.Finding{Verdict: check.Warn, Remedy: lateRemedy(s, g[0])}
		var told []string
		for _, b := range g {
			f.Nodes = append(f.Nodes, b.node)
			told = append(told, b.told())
			f.Evidence = append(f.Evidence, check.Evidence{
				Node: b.node, Source: "probe pod, " + b.what, Text: cmp.Or(b.Error, fmt.Sprintf("no failed try; %d ms", b.Millis)),
			})
		}
		f.Evidence = f.Evidence[:min(4, len(f.Evidence))]
		f.Nodes = sortedSet(f.Nodes)
		f.Subject = listed(f.Nodes)
		on := "new pods of " + figures.Count(len(f.Nodes), "node")
		switch g[0].kind() {
		case neverEver:
			f.Verdict = check.Fail
			f.Says = fmt.Sprintf("%s never succeeded in %s, and %s: %s", g[0].what, on, afterwards(g[0].later), listed(told))
		case neverSoon:
			f.Says = fmt.Sprintf("%s did not succeed in the first seconds of %s, and does later, so it is the beginning that is slow: %s", g[0].what, on, listed(told))
		default:
			f.Says = fmt.Sprintf("%s did not succeed at once in %s: %s", g[0].what, on, listed(told))
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	return out
}

func afterwards(o facts.Outcome) string {
	if o == facts.NotRun {
		return "what came of it later was not observed"
	}
	return "it fails later too (" + o.String() + ")"
}

func (b begin) told() string {
	tries := "1 try"
	if b.Tries != 1 {
		tries = fmt.Sprintf("%d tries", b.Tries)
	}
	if b.Millis == 0 {
		return fmt.Sprintf("%s not in %s", b.node, tries)
	}
	return fmt.Sprintf("%s after %s ms and %s", b.node, figures.Grouped(b.Millis), tries)
}

func lateRemedy(s *facts.Snapshot, b begin) []check.Remedy {
	steps := []check.Remedy{{
		Purpose: check.Find,
		Text:    "Is kube-proxy (or what replaces it) on this node up and in time, and the CNI's agent? Both write what a new pod needs",
		Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + b.node,
	}, remedies.ProxyState(s, b.node)}
	steps = append(steps, remedies.RestartProxy(s, b.node), remedies.RestartCNI(s, b.node))
	if b.kind() == neverEver {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "It does not get better with time: dns/service and service/api tell what is wrong; see their pods",
			Command: remedies.DNS(s).Pods(),
		})
	}
	return append(steps, check.Remedy{
		Purpose: check.Verify,
		Text:    "Check in a pod that is born on this node: the name must resolve at once",
		Command: fmt.Sprintf("kubectl run first-lookup --rm -i --restart=Never --image=busybox --overrides='{\"spec\":{\"nodeName\":\"%s\"}}' -- sh -c 'time nslookup kubernetes.default'",
			b.node),
	})
}
