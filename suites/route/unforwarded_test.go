package route_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/route"
)

// TestALookupRefusedForWantOfForwardingIsNoDiversion: the kernel answers EHOSTUNREACH
// for a packet that came in by an interface which does not forward.
func TestALookupRefusedForWantOfForwardingIsNoDiversion(t *testing.T) {
	for _, tc := range []struct {
		name, iif, errno string
		sysctls          map[string]string
		want             check.Verdict
	}{
		{"the interface does not forward", "cni0", "EHOSTUNREACH", map[string]string{"net.ipv4.conf.cni0.forwarding": "0"}, check.Pass},
		{"nothing forwards", "cni0", "EHOSTUNREACH", map[string]string{"net.ipv4.ip_forward": "0"}, check.Pass},
		{"forwarding is on", "cni0", "EHOSTUNREACH", map[string]string{"net.ipv4.ip_forward": "1", "net.ipv4.conf.cni0.forwarding": "1"}, check.Fail},
		{"another refusal", "cni0", "EINVAL", map[string]string{"net.ipv4.ip_forward": "0"}, check.Fail},
		{"a packet of the node's own", "", "EHOSTUNREACH", map[string]string{"net.ipv4.ip_forward": "0"}, check.Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := spoiled(func(s *facts.Snapshot) {
				h := s.Host("n2", facts.Last)
				for _, key := range []string{"net.ipv4.conf.cni0.forwarding", "net.ipv4.ip_forward"} {
					delete(h.Sysctls, key)
				}
				for k, v := range tc.sysctls {
					h.Sysctls[k] = v
				}
				h.Lookups = append(h.Lookups, facts.Lookup{
					Dst: s.Node("n1").PodAgent.Addrs[0], Src: s.Node("n2").PodAgent.Addrs[0], Iif: tc.iif, For: "pod/n1", Errno: tc.errno,
				})
			})
			if r := route.Lookup().Evaluate(s); r.Verdict != tc.want {
				t.Errorf("got %s, want %s: %+v", r.Verdict, tc.want, r.Findings)
			}
		})
	}
}
