package diagnose

import "github.com/plumbline-net/plumbline/framework/check"

const controlPlaneIdleID = "control-plane-idle"

// controlPlaneIdle: the controller manager makes a DaemonSet's pods, and the scheduler
// places them (Kubernetes documentation, "DaemonSet"). Where one of them does not act,
// the suite has no pod on any node, and no node is to blame.
func controlPlaneIdle(in *input) []claim {
	var out []claim
	for _, kind := range []check.Kind{check.ControllerIdle, check.SchedulerIdle} {
		var findings []located
		for _, f := range in.leftOf(nodeAgentCheck, check.Unknown) {
			if f.Kind == kind {
				findings = append(findings, f)
			}
		}
		if len(findings) == 0 {
			continue
		}
		evidence, remedy := evidenceOf(findings)
		nodes := namedBy(findings)
		everywhere := len(nodes) == len(in.facts.Selected())
		out = append(out, claim{
			says: findings[0].Says, evidence: evidence, remedy: remedy, // of no node: none is to blame
			grounds: "the API server tells how far the suite's DaemonSets and pods came",
			finding: func(id string, f check.Finding) bool {
				if id == nodeAgentCheck {
					return f.Kind == kind
				}
				return f.Verdict == check.Unknown && (everywhere && len(f.Nodes) == 0 || sameNodes(f, nodes))
			},
		})
	}
	return out
}
