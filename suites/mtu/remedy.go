package mtu

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// keepLink finds where the MTU of a host's interface is configured; dev is empty
// where it is not known which one it is.
func keepLink(node, dev string, mtu int) check.Remedy {
	if dev == "" {
		return remedies.WhereWritten(node, fmt.Sprintf("Write the MTU %d where that interface is configured, or the next boot or reload brings the old one back", mtu), "mtu|MTU")
	}
	return remedies.WhereWritten(node, fmt.Sprintf("Write the MTU %d where %s is configured, or the next boot or reload brings the old one back", mtu, dev), "mtu|MTU|"+dev)
}

// keepCNI makes the MTU last in the network plugin's configuration; zero is a size that is not known.
func keepCNI(s *facts.Snapshot, mtu int) check.Remedy {
	if step, ok := remedies.PluginMTU(s, mtu); ok {
		return check.Remedy{Purpose: check.Last, Text: step.Text, Command: step.Command}
	}
	return check.Remedy{
		Purpose: check.Last, Text: fmt.Sprintf("Set the network plugin's MTU to %d (for pods), and let its agents start anew; pods take it when they are made anew", mtu),
		Command: remedies.ShowConfig(s),
	}
}

// shown are the steps that show the MTUs of interfaces and judge them again.
func shown(node, must, again string, devs ...string) []check.Remedy {
	var files []string
	for _, d := range devs {
		files = append(files, "/sys/class/net/"+d+"/mtu")
	}
	return []check.Remedy{
		{Purpose: check.Verify, Text: "Check the MTUs: " + must, Node: node, Command: "grep . " + strings.Join(files, " ")},
		remedies.Again(again),
	}
}

// towards sets the MTU of the interface by which a node reaches an address.
func towards(addr fmt.Stringer, mtu int) string {
	return fmt.Sprintf("ip link set dev $(ip -o route get %s | grep -oP 'dev \\K\\S+') mtu %d", addr, mtu)
}
