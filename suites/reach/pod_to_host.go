package reach

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed pod_to_host.md
var podToHostDoc string

// PodToHost is the check reach/pod-to-host.
func PodToHost() check.Check {
	return everyPair("reach/pod-to-host", "Every probe pod reaches every node's address by TCP, UDP and ICMP.",
		podToHostDoc, facts.FromPod, facts.ToHost, check.NeedPods, check.NeedHosts)
}
