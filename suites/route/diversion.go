package route

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// diverting is the rule that decides over a packet before the main table does.
func (a answers) diverting(l facts.Lookup) (facts.Rule, bool) {
	walk := dataplane.Walk(*a.host, l)
	if walk.Decided && !walk.By.Usual() {
		return walk.By.Rule, true
	}
	// Where the answer is not what the rules say, one of another field (a port, a
	// user id) may have decided: the first that is not the system's own and matches.
	for _, step := range walk.Passed {
		if !step.Usual() {
			return step.Rule, true
		}
	}
	return facts.Rule{}, false
}

// emptyTables are rules for pods' packets that lead into a table without routes:
// they divert nothing yet, because the kernel goes on with the next rule.
func (a answers) emptyTables() []peering.Fault {
	var out []peering.Fault
	var told []facts.Rule
	if !slices.ContainsFunc(a.host.Rules, func(r facts.Rule) bool { return !dataplane.Step{Rule: r}.Usual() }) {
		return nil
	}
	for _, l := range a.host.Lookups {
		for _, step := range dataplane.Walk(*a.host, l).Passed {
			if step.Usual() || !step.Empty || step.Table == 0 || l.For == "api" || slices.Contains(told, step.Rule) || !a.routed {
				continue
			}
			told = append(told, step.Rule)
			text := dataplane.RuleText(step.Rule)
			out = append(out, peering.Fault{
				Node: a.node.Name, Kind: "empty" + text, Verdict: check.Warn,
				Says:     fmt.Sprintf("the rule \"%s\" sends packets to %s into a table without routes; nothing is diverted while it is empty", text, a.target(l)),
				Evidence: []check.Evidence{{Node: a.node.Name, Source: dataplane.IP(step.Family) + " rule (last look)", Text: text}},
				Repair:   removeRule(a.node.Name, step.Rule),
				Then:     []check.Remedy{{Purpose: check.Verify, Text: "Check the kernel's answer: it must lead where the main table does", Node: a.node.Name, Command: get(l)}},
			})
		}
	}
	return out
}

func removeRule(node string, r facts.Rule) []check.Remedy {
	ip := dataplane.IP(r.Family)
	return []check.Remedy{
		{Purpose: check.Find, Text: "See what the rule's table holds, and who set it", Node: node, Command: fmt.Sprintf("%s route show table %d; grep -rsn 'rule' /etc/iproute2 /etc/network /etc/netplan /etc/sysconfig/network-scripts", ip, r.Table)},
		{Text: "Remove the rule (or, where it has to stay, give one for pods a smaller priority)", Node: node, Command: fmt.Sprintf("%s rule del pref %d", ip, r.Priority)},
		remedies.WhereWritten(node, "Take it out of what sets it, or it is back after the next boot or reload", "ip (-6 )?rule|RoutingPolicyRule|routing-policy|table "+fmt.Sprint(r.Table)),
	}
}
