package reach

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed pod_to_pod.md
var podToPodDoc string

// PodToPod is the check reach/pod-to-pod.
func PodToPod() check.Check {
	return everyPair("reach/pod-to-pod", "Every probe pod reaches every probe pod by TCP, UDP and ICMP, on its own node and on every other.",
		podToPodDoc, facts.FromPod, facts.ToPod, check.NeedPods)
}
