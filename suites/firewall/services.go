package firewall

import (
	_ "embed" // the explanation page
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed services.md
var servicesDoc string

// Services promises that no firewall manager works on the nodes.
func Services() check.Check {
	return check.Check{
		ID:       "firewall/services",
		Promise:  "No firewall manager (firewalld, ufw, nftables.service and the like) is active on a node.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First},
		Doc:      servicesDoc,
		Evaluate: services,
	}
}

func services(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		managers, missing := managersAt(s, n.Name)
		for _, m := range managers {
			findings = merged(findings, m.finding(n.Name))
		}
		if missing != "" {
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "whether a firewall manager is active is not known: " + missing,
			})
		}
	}
	return check.Conclude(fmt.Sprintf("no firewall manager is active on %d of %s", len(nodes)-withStrangers(nodes, findings), figures.Count(len(nodes), "node")), findings)
}
