package reach

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed host_to_pod.md
var hostToPodDoc string

// HostToPod is the check reach/host-to-pod.
func HostToPod() check.Check {
	return everyPair("reach/host-to-pod", "Every host reaches every probe pod by TCP, UDP and ICMP.",
		hostToPodDoc, facts.FromHost, facts.ToPod, check.NeedHosts, check.NeedPods)
}
