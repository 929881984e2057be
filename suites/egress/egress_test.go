package egress_test

import (
	"flag"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/egress"
)

var update = flag.Bool("update", false, "write the recordings anew")

const (
	pods, hosts = "pod>egress/connect/ipv4@main", "host>egress/connect/ipv4@main"
	store       = "egress/store.example:443"
	named       = "egress/198.51.100.7:5432"
)

// configured is a healthy cluster of n nodes that was asked for two targets.
func configured(n int, families ...facts.Family) *facts.Snapshot {
	s := factstest.Healthy(n, families...)
	s.Run.Config = &facts.Config{Egress: []facts.EgressTarget{{Host: "store.example", Port: 443}, {Host: "198.51.100.7", Port: 5432}}}
	for _, f := range s.Cluster.Families {
		factstest.Add(s, "pod>egress/connect/"+string(f)+"@main", "host>egress/connect/"+string(f)+"@main")
	}
	return s
}

// everywhere sets one answer from every node of a flow.
func everywhere(s *facts.Snapshot, key, target string, o facts.Outcome, d facts.Detail) {
	for _, r := range s.Matrix(factstest.Flow(key)).Rows {
		own := d
		factstest.Set(s, key, r.From.String(), target, facts.Cell{Outcome: o}, &own)
	}
}

func tried(a facts.Attempt) facts.Detail { return facts.Detail{Attempts: []facts.Attempt{a, a, a}} }

func silence() facts.Attempt {
	return facts.Attempt{Outcome: facts.Timeout, Micros: 2500000, Answers: []string{"203.0.113.9"}}
}

func TestWithoutTargetsThereIsNothingToAsk(t *testing.T) {
	s := factstest.Healthy(3)
	for _, c := range egress.All() {
		factstest.Expect(t, c.Evaluate(s), check.Skip, "the configuration names no target outside the cluster (egress)")
		if c.Ask(check.ScopeOf(s)) != nil {
			t.Errorf("%s asks for nothing", c.ID)
		}
	}
	s.Run.Config = &facts.Config{Egress: []facts.EgressTarget{{Host: "2001:db8::1", Port: 1}}}
	factstest.Expect(t, egress.Targets().Evaluate(s), check.Skip, "every target of the configuration is an address of a family that this cluster has not")
}

func TestTargetsThatAnswerPass(t *testing.T) {
	v6 := factstest.Healthy(2, facts.IPv6)
	v6.Run.Config = &facts.Config{Egress: []facts.EgressTarget{{Host: "store.example", Port: 443}}}
	factstest.Add(v6, "pod>egress/connect/ipv6@main", "host>egress/connect/ipv6@main")
	unprivileged := configured(3)
	unprivileged.Run.Unprivileged = true
	factstest.Keep(unprivileged, "pod>egress")
	factstest.Passes(t, egress.All(), map[string]*facts.Snapshot{
		"three nodes": configured(3), "one node": configured(1), "ten nodes": configured(10), "IPv6 alone": v6,
		"dual stack": configured(2, facts.IPv4, facts.IPv6), "no host access": unprivileged,
	})
}

func TestWhatATargetDoesIsToldApart(t *testing.T) {
	cases := []struct {
		name     string
		outcome  facts.Outcome
		attempt  facts.Attempt
		says     string
		mentions string
	}{
		{
			"a name that is not known", facts.Unreachable,
			facts.Attempt{Outcome: facts.Unreachable, RCode: "NXDOMAIN", Note: "resolving"},
			"6 of 12 pairs of sender and target do not resolve (NXDOMAIN): all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "let this resolver know that zone",
		},
		{
			"a resolver that does not answer", facts.Timeout,
			facts.Attempt{Outcome: facts.Timeout, Note: "resolving"},
			"6 of 12 pairs of sender and target do not resolve (timeout): all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "dns/service",
		},
		{
			"a closed port", facts.Refused,
			facts.Attempt{Outcome: facts.Refused, Errno: "ECONNREFUSED"},
			"6 of 12 pairs of sender and target are refused by the far end (RST): all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "refuses",
		},
		{
			"a router that refuses", facts.Unreachable,
			facts.Attempt{Outcome: facts.Unreachable, Errno: "EHOSTUNREACH", ICMP: &facts.ICMPError{Type: 3, Code: 13, From: netip.MustParseAddr("10.0.0.1")}},
			"6 of 12 pairs of sender and target are told by 10.0.0.1 (ICMP type 3 code 13) that there is no way: all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "egress/trace",
		},
		{
			"a node without a way out", facts.Unreachable,
			facts.Attempt{Outcome: facts.Unreachable, Errno: "ENETUNREACH"},
			"6 of 12 pairs of sender and target have no way out of their own node (ENETUNREACH): all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "ip route get",
		},
		{
			"silence", facts.Timeout, silence(),
			"6 of 12 pairs of sender and target time out in silence: all to store.example:443 (TCP to the outside; IPv4; from pods and hosts)", "ip route get 203.0.113.9",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := configured(3)
			everywhere(s, pods, store, c.outcome, tried(c.attempt))
			everywhere(s, hosts, store, c.outcome, tried(c.attempt))
			r := egress.Targets().Evaluate(s)
			factstest.Expect(t, r, check.Fail, "6 of 12 pairs of sender and target connect (TCP to the outside; IPv4; from pods and hosts)", c.says)
			if !mentions(r.Findings[0], c.mentions) {
				t.Errorf("%+v", r.Findings[0].Remedy)
			}
		})
	}
}

func mentions(f check.Finding, what string) bool {
	for _, m := range f.Remedy {
		if strings.Contains(m.Text+m.Command, what) {
			return true
		}
	}
	return false
}

func TestPodsThatFailWhereHostsDoNotSuspectTheMasquerade(t *testing.T) {
	s := configured(3)
	everywhere(s, pods, store, facts.Timeout, tried(silence()))
	everywhere(s, pods, named, facts.Timeout, tried(facts.Attempt{Outcome: facts.Timeout}))
	r := egress.Targets().Evaluate(s)
	if r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "from pods only") || !mentions(r.Findings[0], "POSTROUTING") || !mentions(r.Findings[0], "networkpolicies") {
		t.Errorf("%s %+v", r.Why, r.Findings)
	}
}

func TestLossOverTheSeriesIsAWarning(t *testing.T) {
	s := configured(2)
	m := s.Matrix(factstest.Flow(hosts))
	m.Rows[1].Series = facts.SeriesCells{{Sent: 5, Lost: 2, Median: 300}, {Sent: 5}}
	factstest.Expect(t, egress.Targets().Evaluate(s), check.Warn, "7 of 8 pairs of sender and target connect (TCP to the outside; IPv4; from pods and hosts)",
		"1 of 4 pairs of sender and target loses a share of its connections: from n2 to store.example:443 (TCP to the outside; IPv4; from hosts only)")
}

func TestANameOfOneFamilyOnlyIsSetAsideInTheOther(t *testing.T) {
	s := configured(2, facts.IPv4, facts.IPv6)
	none := tried(facts.Attempt{Outcome: facts.Unreachable, RCode: "NODATA", Note: "resolving"})
	for _, key := range []string{"pod>egress/connect/ipv6@main", "host>egress/connect/ipv6@main"} {
		everywhere(s, key, store, facts.Unreachable, none)
	}
	factstest.Expect(t, egress.Targets().Evaluate(s), check.Pass, "8 of 8 pairs of sender and target connect (TCP to the outside; IPv4; from pods and hosts); "+
		"4 not judged here: the name has an address of the other family only")
	for _, key := range []string{pods, hosts} {
		everywhere(s, key, store, facts.Unreachable, none)
	}
	if r := egress.Targets().Evaluate(s); r.Verdict != check.Fail {
		t.Errorf("a name without any address: %s: %s", r.Verdict, r.Why)
	}
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	silent := func() *facts.Snapshot {
		s := configured(3)
		factstest.SilenceNode(s, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
		return factstest.Trim(s, "pod>egress", "host>egress")
	}
	failing := func() *facts.Snapshot {
		s := configured(3)
		everywhere(s, pods, store, facts.Timeout, way())
		everywhere(s, hosts, store, facts.Timeout, way())
		return factstest.Trim(s, "pod>egress", "host>egress")
	}
	for _, c := range egress.All() {
		factstest.Recordings(t, c, *update, factstest.Trim(configured(3), "pod>egress", "host>egress"), failing(), silent())
	}
}
