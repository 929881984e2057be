package node_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/node"
)

// TestANodeWhoseNetworkIsNotReadyIsAFindingAndNoSilentExclusion, unless the user left
// it out, or its taint says something else.
func TestANodeWhoseNetworkIsNotReadyIsAFindingAndNoSilentExclusion(t *testing.T) {
	for _, tc := range []struct {
		name, taint, excluded string
		agent                 bool
		says                  string
	}{
		{"a plugin's taint, and no agent", "node.cilium.io/agent-not-ready:NoExecute", "taint node.cilium.io/agent-not-ready:NoExecute is not tolerated (--taints)", false, "the network plugin has no agent there"},
		{"a plugin's taint, and an agent that is not ready", "example.org/agent-not-ready=true:NoSchedule", "taint example.org/agent-not-ready=true:NoSchedule is not tolerated (--taints)", true, "is not ready (CrashLoopBackOff)"},
		{"the user left it out", "node.cilium.io/agent-not-ready:NoExecute", "--exclude-nodes", false, ""},
		{"another taint", "gpu=true:NoSchedule", "taint gpu=true:NoSchedule is not tolerated (--taints)", false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := spoiled(func(s *facts.Snapshot) {
				n := s.Node("n2")
				n.Taints, n.Excluded = []string{tc.taint}, tc.excluded
				s.Cluster.CNIPodsLast = []facts.Pod{{Namespace: "kube-system", Name: "agent-1", Node: "n1", Ready: true}}
				if tc.agent {
					s.Cluster.CNIPodsLast = append(s.Cluster.CNIPodsLast, facts.Pod{Namespace: "kube-system", Name: "agent-2", Node: "n2", Reason: "CrashLoopBackOff"})
				}
			})
			r := node.Ready().Evaluate(s)
			if tc.says == "" {
				if r.Verdict != check.Pass {
					t.Errorf("got %s: %+v", r.Verdict, r.Findings)
				}
				return
			}
			if r.Verdict != check.Fail || len(r.Findings) != 1 || r.Findings[0].Nodes[0] != "n2" ||
				!strings.Contains(r.Findings[0].Says, tc.taint) || !strings.Contains(r.Findings[0].Says, tc.says) {
				t.Errorf("got %s: %+v", r.Verdict, r.Findings)
			}
		})
	}
}
