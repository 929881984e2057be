package controls_test

import (
	"fmt"
	"testing"

	"github.com/plumbline-net/plumbline/framework/controls"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// ruleset is one dump of iptables.
func ruleset(t *testing.T, text string) *netfilter.Ruleset {
	t.Helper()
	rules, errs := netfilter.Load([]facts.Dump{{Tool: "iptables-nft-save", Text: text}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return &rules
}

func TestWhatControlProbesAccountFor(t *testing.T) {
	const (
		tunnel  = "-A INPUT -p udp -m udp --dport 8472 -j DROP"
		guarded = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -m set --match-set peers src -j ACCEPT\n" + tunnel + "\nCOMMIT\n"
	)
	pods := fmt.Sprintf("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --dport %d -j DROP\nCOMMIT\n", factstest.ClosedPort)
	for name, tc := range map[string]struct {
		spoil   func(*facts.Snapshot)
		rules   string
		counted uint64
		want    bool
	}{
		"three probes of the own tunnel": {
			func(s *facts.Snapshot) { factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", "...", ".T.", "...") }, guarded, 3, true,
		},
		"one more than was sent": {
			func(s *facts.Snapshot) { factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", "...", ".T.", "...") }, guarded, 4, false,
		},
		"another node's probe": {
			func(s *facts.Snapshot) { factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", "T..", "...", "...") }, guarded, 1, false,
		},
		"a rule that no control meets": {
			func(s *facts.Snapshot) { factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", "...", ".T.", "...") },
			"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -m udp --dport 9999 -j DROP\nCOMMIT\n", 1, false,
		},
		"nothing was counted": {func(*facts.Snapshot) {}, guarded, 0, false},
		"closed ports of pods, two packets in 2.5 seconds": {
			func(s *facts.Snapshot) { factstest.Letters(s, "pod>pod/closed/ipv4@main", ".T.", "...", "...") }, pods, 6, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			is := func(stop netfilter.Stop) bool { return stop.Rule != nil && stop.Rule.Target.Kind == netfilter.Drop }
			if got := controls.Account(s, *s.Node("n2"), ruleset(t, tc.rules), is, tc.counted); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
