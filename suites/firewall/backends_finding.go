package firewall

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
)

func mixed(node string, legacy, nft held) check.Finding {
	says := "iptables-legacy and iptables-nft both hold rules: a packet has to pass both, and each tool shows one half only"
	stray, other := "legacy", "nft"
	if legacy.kube && !nft.kube {
		stray, other = other, stray
	}
	if legacy.kube && nft.kube {
		says = "kube-proxy's rules are in iptables-legacy and in iptables-nft: one of them is left over, grows old, and still acts"
	}
	text := func(h held) string {
		return figures.Count(h.rules, "rule") + " in " + strings.Join(h.tables, ", ")
	}
	return check.Finding{
		Subject: node, Nodes: []string{node}, Verdict: check.Fail, Says: says,
		Evidence: []check.Evidence{
			{Node: node, Source: "iptables-legacy-save", Text: text(legacy)},
			{Node: node, Source: "iptables-nft-save", Text: text(nft)},
		},
		Remedy: []check.Remedy{
			{
				Purpose: check.Find,
				Text:    "See what iptables-" + stray + " holds, and which program wrote it (its own iptables command tells its back end by -V)", Node: node,
				Command: fmt.Sprintf("iptables-%s-save | grep -e '^\\*' -e '^-A'; iptables -V", stray),
			},
			{
				Text: fmt.Sprintf("Keep the back end that kube-proxy and the network plugin use (iptables-%s here), and take the rules of iptables-%s away", other, stray),
				Node: node, Command: fmt.Sprintf("for t in filter nat mangle raw; do iptables-%[1]s -t $t -F; iptables-%[1]s -t $t -X; done; for c in INPUT FORWARD OUTPUT; do iptables-%[1]s -P $c ACCEPT; done", stray),
			},
			{
				Purpose: check.Last, Text: fmt.Sprintf("Make the program that wrote them use iptables-%s too, or it writes them again: on the host by the alternative, in a container by its image", other), Node: node,
				Command: fmt.Sprintf("update-alternatives --set iptables $(command -v iptables-%[1]s) && update-alternatives --set ip6tables $(command -v ip6tables-%[1]s)", other),
			},
			{Purpose: check.Verify, Text: "Check that nothing is left: this must print 0", Node: node, Command: fmt.Sprintf("iptables-%s-save | grep -c '^-A'", stray)},
		},
	}
}
