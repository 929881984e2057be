package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// TestCausesThatTheLabCannotShowAreClaimedFromTheirFindingsAlone: each by a finding
// of its own, and not where the same words come from another check.
func TestCausesThatTheLabCannotShowAreClaimedFromTheirFindingsAlone(t *testing.T) {
	for _, tc := range []struct{ name, cause, check, says string }{
		{"ranges of two nodes overlap", "pod-cidr-overlap", "node/pod-cidr", "10.244.1.0/24 overlaps 10.244.1.0/25 of n3"},
		{"the network's agent is not well", "cni-agent-unwell", "component/cni", "flannel's pod restarts: CrashLoopBackOff"},
		{"one node's CNI configuration is another", "cni-config-differs", "component/cni-config", "the CNI configuration that counts here is not that of most nodes"},
		{"a replica of the cluster DNS is missing", "dns-replica-missing", "component/dns", "1 of 2 replicas is ready"},
		{"the table of neighbours is full", "neighbour-table-full", "kernel/arp-cache", "the table of neighbours overflowed"},
		{"the host's own ports are used up", "ports-used-up", "pressure/ports", "28,200 of 28,232 ports towards one target are in use"},
		{"the tunnel is larger than what carries it", "tunnel-too-large", "mtu/overlay", "flannel.1 has an MTU of 1500, eth0 1500: 50 bytes more do not fit"},
		{"no mechanism is known", "host-check", "component/evictions", "pods were evicted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c := find(t, Diagnose(s, []Judged{failed(tc.check, about("n2", tc.says))}), tc.cause)
			if len(c.Nodes) != 1 || c.Nodes[0] != "n2" || c.Grounds == "" || c.Verdict != check.Fail {
				t.Errorf("%+v", c)
			}
			if has(Diagnose(s, []Judged{failed("egress/trace", about("n2", tc.says))}), tc.cause) {
				t.Error("it is claimed from what another check says")
			}
		})
	}
}
