package dns

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed spread.md
var spreadDoc string

// Spread is the check dns/spread.
func Spread() check.Check {
	return check.Check{
		ID: "dns/spread", Promise: "At least two replicas of the cluster DNS are ready, on different nodes, with a priority class that keeps them from being evicted first.",
		Level: check.Extended, Needs: []check.Need{check.NeedAPI}, Doc: spreadDoc, Evaluate: evaluateSpread,
	}
}

func evaluateSpread(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Cluster.DNSPods) == 0 {
		return noReplica(s)
	}
	ready := slices.DeleteFunc(slices.Clone(s.Cluster.DNSPods), func(p facts.Pod) bool { return !p.Ready || p.Terminating })
	var nodes []string
	for _, p := range ready {
		if p.Node != "" {
			nodes = append(nodes, p.Node)
		}
	}
	nodes = sortedSet(nodes)
	findings := append(tooFew(s, ready, nodes), lowPriority(s)...)
	held := fmt.Sprintf("%s ready, on %s", figures.Count(len(ready), "replica"), figures.Count(len(nodes), "node"))
	if d := recognise.ClusterDNS(s); d.DaemonSet() {
		held = fmt.Sprintf("%s of the DaemonSet %s/%s ready, on %s", figures.Count(len(ready), "pod"), d.Namespace, d.Name, figures.Count(len(nodes), "node"))
	}
	if len(s.Nodes) == 1 {
		held += "; one node in this cluster, so its replicas cannot stand on different ones"
	}
	return check.Conclude(held, findings)
}

// tooFew judges how many replicas there are and where they stand. A cluster of
// one node loses its DNS with that node, however many replicas it has.
func tooFew(s *facts.Snapshot, ready []facts.Pod, nodes []string) []check.Finding {
	f := check.Finding{Subject: "cluster DNS", Nodes: nodes, Verdict: check.Warn, Evidence: replicaEvidence(s)}
	dns := remedies.DNS(s)
	look := check.Remedy{
		Purpose: check.Verify,
		Text:    "Check that they are READY, and stand on different nodes",
		Command: dns.Pods(),
	}
	switch {
	case len(ready) == 0:
		f.Verdict, f.Nodes = check.Fail, []string{}
		f.Says = fmt.Sprintf("none of %s of the cluster DNS is ready", figures.Count(len(s.Cluster.DNSPods), "replica"))
		f.Remedy = []check.Remedy{{
			Purpose: check.Find,
			Text:    "Read what Kubernetes and the replicas say",
			Command: dns.Describe() + " | tail -40; " + dns.Logs(30),
		}, dns.Restart("Let them be recreated"), {
			Text:    "If they broke with a change of their image or configuration, go back to the version before",
			Command: dns.Rollout("undo"),
		}, look}
	case len(s.Nodes) == 1:
		return nil
	case len(ready) == 1:
		f.Says = fmt.Sprintf("only 1 replica of the cluster DNS is ready (%s): when it or its node goes, no name resolves", where(ready[0]))
		f.Remedy = []check.Remedy{dns.Enough("Run at least two replicas (where an autoscaler sets their number, raise its minimum)"), look}
	case len(nodes) == 1 && !dns.DaemonSet():
		f.Says = fmt.Sprintf("the %d ready replicas of the cluster DNS all stand on %s: when that node goes, no name resolves", len(ready), nodes[0])
		f.Remedy = []check.Remedy{{
			Text:    "Let the scheduler place them anew, one after the other",
			Command: dns.Rollout("restart"),
		}, {
			Purpose: check.Last, Text: "Spread them over the nodes, so that the next rollout does not put them together again",
			Command: dns.Patch(dns.SpreadPatch()),
		}, look}
	default:
		return nil
	}
	return []check.Finding{f}
}

func where(p facts.Pod) string {
	if p.Node == "" {
		return p.Name
	}
	return p.Name + " on " + p.Node
}

func replicaEvidence(s *facts.Snapshot) []check.Evidence {
	var out []check.Evidence
	for _, p := range s.Cluster.DNSPods {
		text := fmt.Sprintf("node %s, ready %t, priority class %q %s", p.Node, p.Ready, p.PriorityClass, p.Message)
		out = append(out, check.Evidence{Node: p.Node, Source: "pod " + p.Namespace + "/" + p.Name, Text: strings.TrimSpace(text)})
	}
	return out
}

// critical are the classes that a kubelet short of memory evicts last (Kubernetes
// documentation, "Guaranteed Scheduling For Critical Add-On Pods").
func critical(class string) bool {
	return class == "system-cluster-critical" || class == "system-node-critical"
}

// lowPriority is one finding for every other class.
func lowPriority(s *facts.Snapshot) []check.Finding {
	names, nodes := map[string][]string{}, map[string][]string{}
	var classes []string
	for _, p := range s.Cluster.DNSPods {
		if critical(p.PriorityClass) || p.Terminating {
			continue
		}
		if names[p.PriorityClass] == nil {
			classes = append(classes, p.PriorityClass)
		}
		names[p.PriorityClass] = append(names[p.PriorityClass], p.Name)
		if p.Node != "" {
			nodes[p.PriorityClass] = append(nodes[p.PriorityClass], p.Node)
		}
	}
	slices.Sort(classes)
	var out []check.Finding
	for _, class := range classes {
		has := "the priority class " + class
		if class == "" {
			has = "no priority class"
		}
		out = append(out, check.Finding{
			Subject: "cluster DNS (priority)", Nodes: sortedSet(nodes[class]), Verdict: check.Warn,
			Says: fmt.Sprintf("the cluster DNS has %s (%s): under memory pressure or when room is short its replicas go before others",
				has, listed(names[class])),
			Remedy: []check.Remedy{{
				Text:    "Give it the class that Kubernetes made for it; its pods are made anew, one by one",
				Command: remedies.DNS(s).Patch(`{"spec":{"template":{"spec":{"priorityClassName":"system-cluster-critical"}}}}`),
			}, {
				Purpose: check.Verify,
				Text:    "Check the class: it must say system-cluster-critical",
				Command: remedies.DNS(s).Classes(),
			}},
		})
	}
	return out
}
