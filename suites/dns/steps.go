package dns

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// restartReplicas lets the cluster DNS be recreated, pod by pod.
func restartReplicas(s *facts.Snapshot, text string) check.Remedy {
	return remedies.DNS(s).Restart(text)
}

// shownAnswers shows that a question is answered; both dig's status and the records count.
func shownAnswers(node, command string) check.Remedy {
	return check.Remedy{Purpose: check.Verify, Text: "Check by asking: status NOERROR and the right answer must come", Node: node, Command: command}
}

// letPass opens a port on a node where a rule keeps it shut, and finds the rule.
func letPass(c matrix.Cell, node string, protocols ...string) []check.Remedy {
	tables, command := "iptables", ""
	if c.Flow.Family == facts.IPv6 {
		tables = "ip6tables"
	}
	for _, p := range protocols {
		for _, chain := range []string{"FORWARD", "INPUT"} {
			if command != "" {
				command += "; "
			}
			command += fmt.Sprintf("%s -I %s -p %s --dport %d -j ACCEPT", tables, chain, p, c.To.Port)
		}
	}
	return []check.Remedy{
		{Text: "Let the port pass, where a rule of this node keeps it shut", Node: node, Command: command},
		remedies.WhereWritten(node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "DROP|REJECT|drop|reject"),
	}
}
