package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestACauseOfOneFamilyLeavesTheOtherFamilysPairsOpen(t *testing.T) {
	for name, fault := range map[string]func(*facts.Snapshot, string) []Judged{"a switch": switchedOff, "a rule": rejecting} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
			judged := fault(s, "n2") // both families are cut
			if name == "a rule" {
				judged[0].Result.Findings[0].Says = "n2: iptables-nft, " + judged[0].Result.Findings[0].Says
			}
			d := Find(s, append(judged, traffic(s)...))
			if len(d.Causes) != 1 || len(d.Open) == 0 {
				t.Fatalf("%s, open %d", said(d.Causes), len(d.Open))
			}
			for _, o := range d.Open {
				if factstest.Flow(o.Finding.Flow).Family != facts.IPv6 {
					t.Errorf("%s is left open", o.Finding.Flow)
				}
			}
		})
	}
}

func TestTheSwitchOfAFamilyThatTheClusterHasNotMeansNothing(t *testing.T) {
	s := factstest.Healthy(3)
	off(s, "n2", "net.ipv6.conf.all.forwarding", "0", facts.First)
	off(s, "n2", "net.ipv6.conf.all.forwarding", "0", facts.Last)
	cut(s, forwardedBy("n2"))
	d := Find(s, append(traffic(s), failed(ipForward, about("n2", "forwarding is off on cni0"))))
	if c := find(t, d.Causes, "no-forwarding"); len(c.Explains) < 2 || len(d.Open) > 0 {
		t.Errorf("%+v, open %+v", c, d.Open)
	}
}
