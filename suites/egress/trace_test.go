package egress_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/egress"
)

// way is silence behind the third router, of which the second limits its answers.
func way() facts.Detail {
	d := tried(silence())
	for i, lost := range []int{0, 2, 0, 5} {
		h := facts.Hop{TTL: i + 1, Sent: 5, Lost: lost}
		if lost < 5 {
			h.Addr = netip.AddrFrom4([4]byte{10, 0, 9, byte(i + 1)})
			h.Last, h.Average, h.Best, h.Worst, h.Deviation = 1100*(i+1), 1000*(i+1), 900*(i+1), 2000*(i+1), 200
		}
		d.Hops = append(d.Hops, h)
	}
	return d
}

func TestTheWayToAFailingTargetIsToldByItsEnd(t *testing.T) {
	s := configured(3)
	everywhere(s, pods, store, facts.Timeout, way())
	everywhere(s, hosts, store, facts.Timeout, way())
	r := egress.Trace().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "6 of 12 ways to a target are open",
		"the way to store.example:443 (203.0.113.9) from pod/n1, pod/n2, pod/n3, host/n1, host/n2, host/n3 is not open: the last router that answers is hop 3, 10.0.9.3; "+
			"behind it there is silence; loss begins at hop 4 and stays; loss at hop 2 is not shared by later ones: those routers limit their answers")
	want := "  2  10.0.9.2                                 40.0%    5      2.2      2.0      1.8      4.0      0.2"
	if e := r.Findings[0].Evidence; len(e) != 2 || !strings.Contains(e[0].Text, want) {
		t.Errorf("%+v", e)
	}
}

func TestOtherEndsOfAWay(t *testing.T) {
	said := way()
	said.Hops = said.Hops[:3]
	said.Hops[2].Says = "ICMP type 3 code 13"
	nobody := tried(silence())
	nobody.Hops = []facts.Hop{{TTL: 1, Sent: 5, Lost: 5}}
	arrived := way()
	arrived.Hops[3] = facts.Hop{TTL: 4, Addr: netip.MustParseAddr("203.0.113.9"), Sent: 5}
	cases := []struct {
		name    string
		detail  facts.Detail
		outcome facts.Outcome
		verdict check.Verdict
		says    string
	}{
		{"a router that says no", said, facts.Unreachable, check.Fail, "hop 3, 10.0.9.3, does not let it pass: ICMP type 3 code 13"},
		{"nobody at all", nobody, facts.Timeout, check.Fail, "not even the first router answers"},
		{"the target itself answers", arrived, facts.Refused, check.Pass, ""},
		{"a refusal that was not walked", tried(facts.Attempt{Outcome: facts.Refused}), facts.Refused, check.Pass, ""},
		{"a failure that was not walked", tried(silence()), facts.Timeout, check.Unknown, "was not walked"},
		{"one address of several", way(), facts.OK, check.Warn, "store.example:443 answers, but the way to its address 203.0.113.9"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := configured(2)
			everywhere(s, pods, store, c.outcome, c.detail)
			r := egress.Trace().Evaluate(s)
			if r.Verdict != c.verdict || c.says != "" && !strings.Contains(r.Findings[0].Says, c.says) {
				t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}

func TestWaysThatEndAtEveryNodesOwnRouterAreOneFinding(t *testing.T) {
	s := configured(10)
	for i, r := range s.Matrix(factstest.Flow(pods)).Rows {
		d := tried(silence())
		d.Hops = []facts.Hop{{TTL: 1, Addr: netip.AddrFrom4([4]byte{10, 244, byte(i), 1}), Sent: 5}, {TTL: 2, Sent: 5, Lost: 5}}
		factstest.Set(s, pods, r.From.String(), store, facts.Cell{Outcome: facts.Timeout}, &d)
	}
	r := egress.Trace().Evaluate(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 || len(r.Findings[0].Nodes) != 10 || len(r.Findings[0].Evidence) != 2 {
		t.Errorf("%s %+v", r.Why, r.Findings)
	}
}

func TestANameThatDoesNotResolveHasNoWay(t *testing.T) {
	s := configured(1)
	none := tried(facts.Attempt{Outcome: facts.Unreachable, RCode: "NXDOMAIN", Note: "resolving"})
	everywhere(s, pods, store, facts.Unreachable, none)
	factstest.Expect(t, egress.Trace().Evaluate(s), check.Pass,
		"3 of 3 ways to a target are open; no target failed, so no way had to be walked; 1 not walked, for the name did not resolve there (see egress/targets)")
}
