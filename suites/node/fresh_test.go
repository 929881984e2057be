package node_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/node"
)

// TestForwardingThatTheFirstPodSwitchedOn is no change by anybody else; with a pod
// there before, it is.
func TestForwardingThatTheFirstPodSwitchedOn(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fresh bool
	}{{"no pod had run there", true}, {"a pod was there", false}} {
		t.Run(tc.name, func(t *testing.T) {
			s := spoiled(func(s *facts.Snapshot) {
				h := s.Host("n2", facts.First)
				h.Sysctls["net.ipv4.ip_forward"] = "0"
				if !tc.fresh {
					return
				}
				h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name != "eth0" && i.Name != "lo" })
				h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dev != "eth0" })
				s.Cluster.DNSPods = nil
			})
			r := node.Changed().Evaluate(s)
			told := slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return strings.Contains(f.Subject, "ip_forward") })
			if told == tc.fresh {
				t.Errorf("got %s: %+v", r.Verdict, r.Findings)
			}
		})
	}
}
