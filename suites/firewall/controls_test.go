package firewall_test

import (
	"fmt"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

const ownTunnel = "host>tunnel/tunnel/ipv4@main"

// fromPeersOnly is a pair of rules as Calico's: the tunnel's port is for known peers.
func fromPeersOnly(s *facts.Snapshot, before, after int) {
	for look, n := range map[facts.Look]int{facts.First: before, facts.Last: after} {
		at(s, "n2", nftSave, above("filter", "INPUT", fmt.Sprintf(
			"[9:540] -A INPUT -p udp -m multiport --dports 8472 -m set --match-set peers src -j ACCEPT\n"+
				"[%d:%d] -A INPUT -p udp -m multiport --dports 8472 -j DROP", n, 60*n)), look)
	}
}

// TestWhatOnlyOurOwnControlsMetIsNoFinding: a host's probe of its own tunnel, closed
// ports and Services that must stay silent.
func TestWhatOnlyOurOwnControlsMetIsNoFinding(t *testing.T) {
	closed := factstest.Healthy(3).Matrix(factstest.Flow("pod>host/closed/ipv4@main")).Targets[1].Port
	judgeIn(t, firewall.Drops(), measuredCluster, []shape{
		{name: "the host's probe of its own tunnel", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			fromPeersOnly(s, 12, 15)
			factstest.Letters(s, ownTunnel, "...", ".T.", "...")
		}, says: []string{"set aside: 3 packets of our own negative controls"}},
		{name: "more than the host sent to itself", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			fromPeersOnly(s, 12, 16)
			factstest.Letters(s, ownTunnel, "...", ".T.", "...")
		}, says: []string{"dropped 4 packets"}},
		{name: "a probe that came through met no rule", verdict: check.Fail, spoil: func(s *facts.Snapshot) { fromPeersOnly(s, 12, 15) }},
		{name: "a peer's probe is no control", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			fromPeersOnly(s, 12, 15)
			factstest.Letters(s, ownTunnel, ".T.", "...", "...")
		}},
		{name: "a closed port of the host, refused by a rule", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "INPUT", fmt.Sprintf("-p tcp -m tcp --dport %d -j REJECT --reject-with tcp-reset", closed), 0, 3)
		}, says: []string{"set aside: 3 packets"}},
		{name: "another port of the host", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "INPUT", "-p tcp -m tcp --dport 23 -j REJECT --reject-with tcp-reset", 0, 3)
		}},
		{name: "closed ports of pods that a filter keeps silent", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			port := s.Matrix(factstest.Flow("pod>pod/closed/ipv4@main")).Targets[1].Port
			counted(s, "n2", "FORWARD", fmt.Sprintf("-p tcp -m tcp --dport %d -j DROP", port), 0, 12)
			factstest.Letters(s, "pod>pod/closed/ipv4@main", ".T.", "...", ".T.")
		}},
		{name: "what must have met the cluster's own packets too", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j DROP", 0, 6)
			factstest.Letters(s, "pod>pod/closed/ipv4@main", ".T.", "...", ".T.")
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".T.", "...", ".T.")
		}},
	})
}
