package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// strangers are programs and rules on a host that are not the cluster's; they are
// asked last, as a rule that really drops something is named before.
func strangers() []cause {
	return causesOf([]stated{
		{
			id: "foreign-chains", checks: []string{"firewall/services", "firewall/chains"}, tells: whoseChains, steps: showTables,
			grounds: "the chains were read on the host; what their rules did with packets is told by firewall/forward and firewall/drops",
		},
		{
			id: "security-software", checks: []string{"firewall/security-software"},
			grounds: "the process was seen in the host's list; whether it drops anything was not seen",
		},
	})
}

const firewallChains = "firewall/chains"

// whoseChains names the chains of one node, as an example; what a manager of them
// does comes first.
func whoseChains(nodes []string, own []located) string {
	var parts []string
	managed := false
	for _, f := range own {
		if f.check != firewallChains {
			parts, managed = append(parts, strings.TrimRight(f.Says, ".")), true
		}
	}
	for _, f := range own {
		list := chainsOf(f, nodes)
		if f.check != firewallChains || list == "" {
			continue
		}
		if managed {
			parts = append(parts, "its chains are "+list)
		} else {
			parts = append(parts, fmt.Sprintf("%s stand in the packet filter: %s; their rules act on the cluster's packets too", f.Subject, list))
		}
	}
	if len(parts) == 0 {
		return says(own)
	}
	return names(nodes) + ": " + strings.Join(parts, "; ")
}

// chainsOf is the list of chains on the first of the nodes.
func chainsOf(f located, nodes []string) string {
	for _, e := range f.Evidence {
		if len(nodes) > 0 && e.Node == nodes[0] {
			return e.Text
		}
	}
	return ""
}

// nftChain is how a chain of native nft is written: "nft inet lossy/in".
var nftChain = regexp.MustCompile(`nft (\S+) ([^/ ]+)/`)

// showTables puts the very tables first that nobody is known to own.
func showTables(node string, own []located, advised []check.Remedy) []check.Remedy {
	var out []check.Remedy
	for _, f := range own {
		for _, m := range nftChain.FindAllStringSubmatch(chainsOf(f, []string{node}), -1) {
			step := check.Remedy{
				Purpose: check.Find, Node: node, Command: fmt.Sprintf("nft -a list table %s %s", m[1], m[2]),
				Text: "Read what the rules do with the pods' packets, and find out which program wrote them",
			}
			if !slices.Contains(out, step) {
				out = append(out, step)
			}
		}
	}
	return append(out, advised...)
}
