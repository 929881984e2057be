package mtu_test

import (
	"flag"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/mtu"
)

var update = flag.Bool("update", false, "write the recordings anew")

const (
	pods, hosts = "pod>pod/pmtu/ipv4@main", "host>host/pmtu/ipv4@main"
	own         = "; 6 not judged here: they lead back to the sender itself, over loopback"
)

func TestAHealthyClusterPasses(t *testing.T) {
	factstest.Passes(t, mtu.All(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "IPv6 alone": overIPv6(2),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6),
	})
}

// overIPv6 is a cluster of IPv6 alone: its tunnel adds 70 bytes, so it and the pods have 1430.
func overIPv6(n int) *facts.Snapshot {
	s := factstest.Healthy(n, facts.IPv6)
	for i := range s.Nodes {
		s.Nodes[i].PodAgent.MTU = 1430
		looks(s, resize("flannel.1", 1430), s.Nodes[i].Name)
		looks(s, resize("cni0", 1430), s.Nodes[i].Name)
	}
	return s
}

func TestASingleNodeHasNoPathToMeasure(t *testing.T) {
	for _, c := range []check.Check{mtu.Path(), mtu.OverLimit()} {
		factstest.Expect(t, c.Evaluate(factstest.Healthy(1)), check.Skip, "one node under test: a path between nodes does not exist here")
	}
}

func TestTheThreeKindsOfNarrowPathAreToldApart(t *testing.T) {
	local := func(s *facts.Snapshot) {
		for _, to := range []string{"pod/n1", "pod/n3"} {
			factstest.Set(s, pods, "pod/n2", to, facts.Cell{Outcome: facts.TooBig, Partial: true}, &facts.Detail{
				PathMTU: 1400, Attempts: []facts.Attempt{{Outcome: facts.TooBig, Errno: "EMSGSIZE", Size: 1450}, {Outcome: facts.OK, Size: 1400}},
			})
		}
	}
	cases := []struct {
		name     string
		verdict  check.Verdict
		spoil    func(*facts.Snapshot)
		says     string
		evidence string
	}{
		{
			"silence is a black hole", check.Fail, func(s *facts.Snapshot) { factstest.Letters(s, pods, "...", "T.T", "...") },
			"2 of 6 pairs lose packets over 1400 bytes (interface MTU 1450) in silence, a black hole: all from n2 (UDP with DF; IPv4; from pods only)",
			"packet of 1450 bytes; up to 1400 bytes arrive",
		},
		{
			"a router that says so", check.Warn, func(s *facts.Snapshot) { factstest.Letters(s, pods, "...", "B.B", "...") },
			"2 of 6 pairs are told by ICMP that packets over 1400 bytes (interface MTU 1450) do not fit: all from n2 (UDP with DF; IPv4; from pods only)",
			"ICMP type 3 code 4 from 10.0.0.1; it names an MTU of 1400",
		},
		{
			"the sender's own kernel", check.Warn, local,
			"2 of 6 pairs have packets over 1400 bytes (interface MTU 1450) refused by their own kernel: all from n2 (UDP with DF; IPv4; from pods only)",
			"EMSGSIZE; packet of 1450 bytes; up to 1400 bytes arrive",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c.spoil(s)
			r := mtu.Path().Evaluate(s)
			factstest.Expect(t, r, c.verdict, "10 of 12 pairs carry the full size of the sender's interface (UDP with DF; IPv4; from pods and hosts)"+own, c.says)
			if e := r.Findings[0].Evidence[0].Text; !strings.Contains(e, c.evidence) {
				t.Errorf("evidence: %s", e)
			}
		})
	}
}

func TestABlackHoleBesideAPathThatIsToldIsAFailure(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, pods, "..B", "..B", "TT.")
	r := mtu.Path().Evaluate(s)
	if r.Verdict != check.Fail {
		t.Errorf("judged %s: %+v", r.Verdict, r.Findings)
	}
}

func TestANarrowLinkOfOneNodeIsOneFindingForPodsAndHosts(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, pods, "..T", "..T", "TT.")
	factstest.Letters(s, hosts, "..T", "..T", "TT.")
	factstest.Expect(t, mtu.Path().Evaluate(s), check.Fail,
		"4 of 12 pairs carry the full size of the sender's interface (UDP with DF; IPv4; from pods and hosts)"+own,
		"8 of 12 pairs fail: all between n3 and other nodes (pods: lose packets over 1400 bytes (interface MTU 1450) in silence, a black hole, "+
			"hosts: lose packets over 1450 bytes (interface MTU 1500) in silence, a black hole; UDP with DF; IPv4; from pods and hosts)")
}

func TestAPairThatCarriesNothingAtAllIsNotJudged(t *testing.T) {
	s := factstest.Healthy(2)
	for _, key := range []string{pods, hosts} {
		for i, from := range []string{"n1", "n2"} {
			kind := key[:strings.Index(key, ">")]
			factstest.Set(s, key, kind+"/"+from, kind+"/"+[]string{"n2", "n1"}[i], facts.Cell{Outcome: facts.Timeout},
				&facts.Detail{Attempts: []facts.Attempt{{Outcome: facts.Timeout, Local: netip.MustParseAddrPort("10.0.0.11:1"), Size: 1450}}})
		}
	}
	factstest.Expect(t, mtu.Path().Evaluate(s), check.Unknown, "nothing could be judged; 4 not judged here: not even small packets arrive "+
		"(see reach/pod-to-pod and reach/host-to-host); 4 not judged here: they lead back to the sender itself, over loopback")
}

func TestAPacketOverTheLimitThatLeavesIsAFailure(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, "pod>pod/over/ipv4@main", "...", "OTO", "...")
	factstest.Letters(s, "host>host/over/ipv4@main", "...", "...", "TU.")
	factstest.Expect(t, mtu.OverLimit().Evaluate(s), check.Fail,
		"8 of 11 pairs refuse a packet one byte too large (UDP with DF; IPv4; from pods and hosts); "+
			"1 not judged here: the packet failed for another reason (see reach/pod-to-pod and reach/host-to-host)"+own,
		"2 of 6 pairs deliver a packet larger than the interface: all from n2 (UDP with DF; IPv4; from pods only)",
		"1 of 5 pairs sends a packet larger than the interface: only from n3 to n1; the opposite direction is well (UDP with DF; IPv4; from hosts only)")
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	spoil := map[string]func(*facts.Snapshot){
		"path":       func(s *facts.Snapshot) { factstest.Letters(s, pods, "..T", "..T", "TT.") },
		"over_limit": func(s *facts.Snapshot) { factstest.Letters(s, "pod>pod/over/ipv4@main", "...", "O.O", "...") },
	}
	reads := map[string][]string{"path": {pods, hosts}, "over_limit": {"pod>pod/over", "host>host/over"}}
	for _, c := range []check.Check{mtu.Path(), mtu.OverLimit()} {
		name := factstest.FileName(c.ID)
		fail, unknown := factstest.Healthy(3), factstest.Healthy(3)
		spoil[name](fail)
		factstest.SilenceNode(unknown, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
		factstest.Recordings(t, c, *update, factstest.Trim(factstest.Healthy(3), reads[name]...),
			factstest.Trim(fail, reads[name]...), factstest.Trim(unknown, reads[name]...))
	}
}
