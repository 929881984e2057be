package probe

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// attemptsOf writes attempts as letters: . ok, T timeout, R refused, U unreachable
// with its ICMP error, - not made.
func attemptsOf(letters string) []facts.Attempt {
	var out []facts.Attempt
	for i, l := range letters {
		a := facts.Attempt{AtMillis: i, Micros: 100 + i}
		switch l {
		case '.':
			a.Outcome = facts.OK
		case 'T':
			a.Outcome = facts.Timeout
		case 'R':
			a.Outcome = facts.Refused
		case 'U':
			a.Outcome, a.ICMP = facts.Unreachable, &facts.ICMPError{Type: 3, Code: 1}
		}
		out = append(out, a)
	}
	return out
}

func TestACellFollowsFromItsAttempts(t *testing.T) {
	cases := map[string]struct {
		attempts string
		via      facts.Via
		want     facts.Cell
		plain    bool
	}{
		"nothing was tried":                         {"", facts.TCP, facts.Cell{}, true},
		"success at once is plain":                  {".", facts.TCP, facts.Cell{Outcome: facts.OK, RTT: 100}, true},
		"success after a failure is kept":           {"T.", facts.TCP, facts.Cell{Outcome: facts.OK, RTT: 101, Retried: true}, false},
		"failures alike are not flaky":              {"TTT", facts.TCP, facts.Cell{Outcome: facts.Timeout}, false},
		"the last of different failures counts":     {"RT", facts.TCP, facts.Cell{Outcome: facts.Timeout, Retried: true}, false},
		"silence does not hide an explained error":  {"UT", facts.UDP, facts.Cell{Outcome: facts.Unreachable, Retried: true}, false},
		"an error explained before a success":       {"U.", facts.UDP, facts.Cell{Outcome: facts.OK, RTT: 101, Retried: true}, false},
		"an attempt not made hides none that was":   {"T-", facts.TCP, facts.Cell{Outcome: facts.Timeout}, false},
		"no attempt was made":                       {"-", facts.TCP, facts.Cell{}, false},
		"a refusal is the hope of a closed port":    {"R", facts.Closed, facts.Cell{Outcome: facts.Refused, RTT: 100}, true},
		"an accepted connection to a closed port":   {".", facts.Closed, facts.Cell{Outcome: facts.OK, RTT: 100}, false},
		"accepted first and refused then is a fact": {".R", facts.Closed, facts.Cell{Outcome: facts.Refused, RTT: 101, Retried: true}, false},
		"a refusal elsewhere is none":               {"R", facts.TCP, facts.Cell{Outcome: facts.Refused, RTT: 100}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cell, detail := settle(c.via, 1, &answer{attempts: attemptsOf(c.attempts)})
			if cell != c.want || (detail == nil) != c.plain {
				t.Errorf("%+v with record %+v, %+v is expected", cell, detail, c.want)
			}
			if detail != nil && len(detail.Attempts) != len(c.attempts) {
				t.Errorf("%d of %d attempts are kept", len(detail.Attempts), len(c.attempts))
			}
		})
	}
}

func TestASeriesFollowsTheWrittenRule(t *testing.T) {
	cases := map[string]struct {
		attempts string
		met      []string
		want     facts.Cell
	}{
		"all were met":                           {".", []string{"a", "b"}, facts.Cell{Outcome: facts.OK, RTT: 100}},
		"all were met, with loss":                {".TT", []string{"a", "b"}, facts.Cell{Outcome: facts.OK, RTT: 100, Retried: true}},
		"one never met, and failures":            {".TTR", []string{"a"}, facts.Cell{Outcome: facts.Timeout, Retried: true, Partial: true}},
		"one never met, and a failure explained": {".TTU", []string{"a"}, facts.Cell{Outcome: facts.Unreachable, Retried: true, Partial: true}},
		"one never met, and no failure":          {".", []string{"a"}, facts.Cell{Outcome: facts.OK, RTT: 100, Partial: true}},
		"none met":                               {"TTTT", nil, facts.Cell{Outcome: facts.Timeout, Partial: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := &answer{attempts: attemptsOf(c.attempts), draws: true, several: true, met: c.met}
			cell, detail := settle(facts.TCP, 2, a)
			if cell != c.want || detail == nil {
				t.Errorf("%+v with record %+v, %+v is expected", cell, detail, c.want)
			}
		})
	}
}

func TestOnlyAnotherAddressIsARewrittenSource(t *testing.T) {
	local := netip.MustParseAddrPort("10.0.0.1:1000")
	cases := map[string]struct {
		seen             string
		rewritten, plain bool
	}{
		"the same":        {"10.0.0.1:1000", false, true},
		"another port":    {"10.0.0.1:2000", false, false},
		"another address": {"10.0.0.9:1000", true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := attemptsOf(".")
			a[0].Local, a[0].Seen = local, netip.MustParseAddrPort(c.seen)
			cell, detail := settle(facts.TCP, 1, &answer{attempts: a})
			if cell.Rewritten != c.rewritten || (detail == nil) != c.plain {
				t.Errorf("%+v %+v", cell, detail)
			}
		})
	}
}

func TestASearchTriesSizesBetweenItsBorders(t *testing.T) {
	cases := map[string]struct {
		lo, hi, hint int
		want         []int
	}{
		"a hint and the next byte":              {576, 1500, 1400, []int{1400, 1401}},
		"a hint just below the border":          {576, 1500, 1499, []int{1499}},
		"a hint outside is worth nothing":       {576, 580, 9000, []int{577, 578, 579}},
		"one size left":                         {576, 578, 0, []int{577}},
		"sizes evenly spaced":                   {0, 90, 0, []int{10, 20, 30, 40, 50, 60, 70, 80}},
		"a hint that is already known to pass":  {576, 579, 576, []int{577, 578}},
		"a hint that is already known to fail ": {576, 579, 579, []int{577, 578}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := candidates(c.lo, c.hi, c.hint)
			if len(got) != len(c.want) {
				t.Fatalf("%v, %v is expected", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%v, %v is expected", got, c.want)
				}
			}
		})
	}
}
