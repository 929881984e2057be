package component

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

//go:embed evictions.md
var evictionsDoc string

// evictionAge is how long before the run an eviction still matters: API servers
// keep events for an hour (kube-apiserver --event-ttl).
const evictionAge = time.Hour

// Evictions promises that no part of the network was driven off a node lately.
func Evictions() check.Check {
	return check.Check{
		ID:       "component/evictions",
		Promise:  "No pod of kube-proxy, the network plugin or the cluster DNS was evicted or preempted within the last hour.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedAPI},
		Doc:      evictionsDoc,
		Evaluate: evictions,
	}
}

func evictions(s *facts.Snapshot) check.Result {
	names := componentNames(s)
	if len(names) == 0 {
		return check.Unknownf("neither kube-proxy nor the network plugin nor the cluster DNS was recognised, so it is not known whose events to look for")
	}
	var found []symptom.Symptom
	for _, e := range s.Cluster.Events {
		pod, isPod := strings.CutPrefix(e.Object, "Pod/")
		component, known := componentOf(names, pod)
		old := !e.Last.IsZero() && e.Last.Before(s.Run.Started.Add(-evictionAge))
		if isPod && known && !old && slices.Contains([]string{"Evicted", "Preempted", "Preempting"}, e.Reason) {
			found = append(found, evicted(s, component, pod, e))
		}
	}
	if why, bad := refused(s, "events of"); bad && len(found) == 0 {
		return check.Unknownf("%s", why)
	}
	return check.Conclude(fmt.Sprintf("%d evictions or preemptions of %s within the last hour", len(found), strings.Join(names, ", ")), symptom.Findings(found))
}

// componentNames are the names of the workloads that the network consists of, sorted.
func componentNames(s *facts.Snapshot) []string {
	var out []string
	for _, p := range slices.Concat(s.Cluster.KubeProxy, s.Cluster.KubeProxyLast, s.Cluster.CNIPods, s.Cluster.CNIPodsLast) {
		if name, ok := ownerName(p, "DaemonSet"); ok {
			out = append(out, name)
		}
	}
	if s.Cluster.KubeProxyExpected {
		out = append(out, "kube-proxy")
	}
	if d := s.Cluster.DNSDeployment; d != nil {
		out = append(out, d.Name)
	}
	for _, p := range s.Cluster.DNSPods {
		if name, ok := ownerName(p, "DaemonSet"); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// componentOf finds the workload of a pod: its name begins with that of the workload.
func componentOf(names []string, pod string) (string, bool) {
	for _, n := range names {
		if strings.HasPrefix(pod, n+"-") {
			return n, true
		}
	}
	return "", false
}

func evicted(s *facts.Snapshot, component, pod string, e facts.ClusterEvent) symptom.Symptom {
	when := "at a time that is not told"
	if !e.Last.IsZero() {
		when = fmt.Sprintf("%s before the run", s.Run.Started.Sub(e.Last).Round(time.Second))
		if e.Last.After(s.Run.Started) {
			when = "while the run was under way"
		}
	}
	node := e.Node
	for _, p := range slices.Concat(s.Cluster.KubeProxy, s.Cluster.CNIPods, s.Cluster.DNSPods) {
		if p.Name == pod && p.Node != "" {
			node = p.Node
		}
	}
	return symptom.Symptom{
		Node: node, Thing: component, Verdict: check.Warn, Kind: e.Reason, Weight: e.Last.Unix(),
		Says:     fmt.Sprintf("%s (%s) was %s: %s, %s", pod, component, strings.ToLower(e.Reason), strings.TrimSuffix(e.Message, "."), when),
		Evidence: []check.Evidence{{Node: node, Source: fmt.Sprintf("event %s of %s/%s", e.Reason, e.Namespace, e.Object), Text: e.Message}},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "See what the node is short of", Command: "kubectl describe nodes | grep -A8 -E '^Name:|^Conditions:'"},
			{
				Purpose: check.Find, Text: "See its priority class: " + nodeCritical + " (the cluster DNS: " + clusterCritical + ") is not evicted",
				Command: fmt.Sprintf("kubectl -n %s get pods -o custom-columns=NAME:.metadata.name,CLASS:.spec.priorityClassName | grep %s", e.Namespace, pod),
			},
			{Text: "Give the node back what it is short of: remove images that no container uses, and find who takes the memory", Node: node, Command: "crictl rmi --prune; ps -eo pid,rss,comm --sort=-rss | head"},
			{Purpose: check.Verify, Text: "Check that it runs again: Running, with all containers READY", Command: fmt.Sprintf("kubectl -n %s get pods -o wide --field-selector spec.nodeName=%s", e.Namespace, node)},
		},
	}
}
