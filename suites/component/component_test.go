package component_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/component"
)

func TestTheClassIsThatOfThePodsWhichStay(t *testing.T) {
	old := func(s *facts.Snapshot) []facts.Pod {
		out := slices.Clone(s.Cluster.KubeProxy)
		for i := range out {
			out[i].PriorityClass, out[i].Terminating = "", true
		}
		return out
	}
	classless := func(pods []facts.Pod) []facts.Pod {
		out := slices.Clone(pods)
		for i := range out {
			out[i].PriorityClass = ""
		}
		return out
	}
	for _, tc := range []struct {
		name  string
		want  check.Verdict
		spoil func(*facts.Snapshot)
	}{
		{"old pods of a rollout are still being deleted", check.Pass, func(s *facts.Snapshot) {
			s.Cluster.KubeProxy = slices.Concat(old(s), s.Cluster.KubeProxy)
		}},
		{"the class was set while the run was under way", check.Pass, func(s *facts.Snapshot) {
			s.Cluster.KubeProxyLast = s.Cluster.KubeProxy
			s.Cluster.KubeProxy = classless(s.Cluster.KubeProxy)
		}},
		{"the class was taken away while the run was under way", check.Fail, func(s *facts.Snapshot) {
			s.Cluster.KubeProxyLast = classless(s.Cluster.KubeProxy)
		}},
		{"only pods that are being deleted are left", check.Unknown, func(s *facts.Snapshot) {
			s.Cluster.KubeProxy = old(s)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			if r := component.KubeProxyPriority().Evaluate(s); r.Verdict != tc.want {
				t.Errorf("judged %s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}
