package policy

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// passedBy says that policies which deny all connections to the suite's pods are not
// enforced: all of them passed between nodes. Empty where no policy does, where one
// permits something (policies add up: Kubernetes, Network Policies), and where a
// connection failed. A node always reaches its own pods, so these show nothing.
func passedBy(s *facts.Snapshot) string {
	if s.Cluster.Policies == nil {
		return ""
	}
	denies := ""
	for _, p := range s.Cluster.Policies.Selecting {
		switch {
		case p.Group != kubernetesGroup || p.Ingress == facts.RestrictRules || p.Unread != "":
			return ""
		case p.Ingress == facts.RestrictAll && !p.Late:
			denies = p.Plain()
		}
	}
	passed := betweenNodes(s)
	if denies == "" || passed == 0 {
		return ""
	}
	return fmt.Sprintf("%s does not enforce NetworkPolicy here: %s denies all connections to the suite's pods, and %d of %d between nodes passed",
		plugin(s), denies, passed, passed)
}

// betweenNodes counts the connections of probe pods to those of other nodes; 0 where
// one of them failed or was not tried.
func betweenNodes(s *facts.Snapshot) int {
	n := 0
	for _, family := range s.Cluster.Families {
		m := s.Matrix(facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: family, Look: facts.Main})
		if m == nil {
			return 0
		}
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				switch {
				case t.Node == row.From.Node:
				case i >= len(row.Cells) || row.Cells[i].Outcome != facts.OK:
					return 0
				default:
					n++
				}
			}
		}
	}
	return n
}
