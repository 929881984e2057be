package component

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

// clusterCritical is the class of components of which the cluster needs some, on whatever node.
const clusterCritical = "system-cluster-critical"

// ownerName is the name of the pod's owner, if that is of the kind.
func ownerName(p facts.Pod, kind string) (string, bool) {
	return strings.CutPrefix(p.Owner, kind+"/")
}

// unheard is the reason why nothing is heard of a node, or empty. The node lifecycle
// controller then calls all of its pods not Ready, whatever they do (Kubernetes
// documentation, "Node Status").
func unheard(n facts.Node) string {
	conditions := n.Conditions
	if len(n.Last) > 0 {
		conditions = n.Last
	}
	for _, c := range conditions {
		if c.Type == "Ready" && c.Status == "Unknown" {
			return c.Reason
		}
	}
	return ""
}

// onNode are the pods of a node.
func onNode(pods []facts.Pod, node string) []facts.Pod {
	var out []facts.Pod
	for _, p := range pods {
		if p.Node == node {
			out = append(out, p)
		}
	}
	return out
}

// refused gives the words of the API server where a list could not be had, by a
// part of what was asked for.
func refused(s *facts.Snapshot, what string) (string, bool) {
	for _, e := range s.Cluster.Errors {
		if strings.Contains(e.What, what) {
			return fmt.Sprintf("listing %s: %s", e.What, e.Says), true
		}
	}
	return "", false
}

// odd names the nodes whose word differs from what most say; of two words that
// are as frequent the one that sorts first counts as usual. Nodes without a word
// are left out. Says makes the sentence from both words.
func odd(words map[string]string, kind string, says func(word, usual string) string, remedy func(node string) []check.Remedy) []symptom.Symptom {
	count := map[string]int{}
	for _, w := range words {
		count[w]++
	}
	usual := ""
	for w, n := range count {
		if usual == "" || n > count[usual] || n == count[usual] && w < usual {
			usual = w
		}
	}
	var out []symptom.Symptom
	for node, w := range words {
		if w != usual {
			out = append(out, symptom.Symptom{
				Node: node, Kind: kind + w, Verdict: check.Warn, Says: says(w, usual), Remedy: remedy(node),
				Evidence: []check.Evidence{{Node: node, Source: kind, Text: w}, {Source: fmt.Sprintf("%s on %d of %d nodes", kind, count[usual], len(words)), Text: usual}},
			})
		}
	}
	slices.SortFunc(out, func(a, b symptom.Symptom) int { return strings.Compare(a.Node, b.Node) })
	return out
}
