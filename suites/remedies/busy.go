package remedies

import "github.com/plumbline-net/plumbline/framework/check"

// Busy are the steps that find what uses a node's processors. Which of it may be
// stopped or moved, only its owner knows.
func Busy(node string) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "See which processes use the processors, and which wait for a disk (state D)", Node: node, Command: "ps -eo state,pid,pcpu,comm --sort=-pcpu | head -20"},
		{Purpose: check.Find, Text: "See which containers use them (CPU %)", Node: node, Command: "crictl stats | sort -rnk3 | head -20"},
		{
			Purpose: check.Last, Text: "Give pods requests and limits of CPU, so that the scheduler counts them; these have none",
			Command: "kubectl get pods -A --field-selector spec.nodeName=" + node +
				" -o 'custom-columns=NS:.metadata.namespace,POD:.metadata.name,CPU:.spec.containers[*].resources.requests.cpu' | grep '<none>'",
		},
	}
}
