package reach

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed host_to_host.md
var hostToHostDoc string

// HostToHost is the check reach/host-to-host.
func HostToHost() check.Check {
	return everyPair("reach/host-to-host", "Every host reaches every node's address by TCP, UDP and ICMP.",
		hostToHostDoc, facts.FromHost, facts.ToHost, check.NeedHosts)
}
