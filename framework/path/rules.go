package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// refuses says whether a rule's text has a verdict that ends a packet
// (iptables-extensions(8): DROP, REJECT; nft(8): drop, reject).
func refuses(text string) bool {
	words := strings.Fields(text)
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains([]string{"drop", "reject"}, strings.ToLower(strings.Trim(w, ",;{}")))
	})
}

// noEndpoints is kube-proxy's own comment on the rule that rejects what is for a
// Service without endpoints (pkg/proxy/iptables).
const noEndpoints = "has no endpoints"

// ruleName is "FORWARD rule 1 (REJECT icmp-host-prohibited)", with the table where it
// is not the filter table: "PREROUTING rule 1 of table mangle (DROP)".
func ruleName(g facts.Growth) string {
	chain, rule, table := "", "", ""
	for _, part := range strings.Split(g.What, ", ") {
		if name, ok := strings.CutPrefix(part, "chain "); ok {
			chain = name
		}
		if strings.HasPrefix(part, "rule ") {
			rule = " " + part
		}
		if name, ok := strings.CutPrefix(part, "table "); ok && name != "filter" {
			table = " of table " + name
		}
	}
	if chain == "" {
		return g.What
	}
	text, empty := g.Text, ""
	if strings.Contains(text, noEndpoints) {
		empty = ": the Service " + noEndpoints
	}
	if _, target, ok := strings.Cut(text, " -j "); ok {
		text = strings.ReplaceAll(target, "--reject-with ", "")
	} else if _, rest, ok := strings.Cut(text, "-j "); ok {
		text = rest
	}
	return fmt.Sprintf("%s%s%s (%s%s)", chain, rule, table, text, empty)
}
