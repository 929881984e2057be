package html

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func TestWhatHappenedInTheWordsOfTheLastAttempt(t *testing.T) {
	lost := report.Attempt{Outcome: facts.Timeout, Micros: 2500976}
	prohibited := report.Attempt{Outcome: facts.Unreachable, Micros: 79, Errno: "EHOSTUNREACH", ICMP: "ICMP host prohibited (3/10) from 10.89.0.13"}
	right := report.Attempt{Outcome: facts.OK, Micros: 412}
	of := func(a ...report.Attempt) *report.Detail { return &report.Detail{Attempts: a} }
	for _, tc := range []struct {
		name   string
		letter byte
		detail *report.Detail
		want   string
	}{
		{"no record", 'T', nil, "timed out"},
		{"silence", 'T', of(lost, lost, lost), "timed out after 2.5 s, 3 attempts"},
		{"attempts that are left out count", 'T', &report.Detail{Attempts: []report.Attempt{lost, lost}, Left: 9}, "timed out after 2.5 s, 11 attempts"},
		{"someone rejects", 'U', of(prohibited, prohibited), "unreachable: ICMP host prohibited (3/10) from 10.89.0.13, 2 attempts"},
		{"someone rejects, and not each time", 'U', of(prohibited, lost, lost), "unreachable: ICMP host prohibited (3/10) from 10.89.0.13, 1 of 3 attempts"},
		{
			"not each time, of many", 'U', &report.Detail{Attempts: []report.Attempt{prohibited, lost}, Left: 31},
			"unreachable: ICMP host prohibited (3/10) from 10.89.0.13, not all of 33 attempts",
		},
		{"a retry that someone rejected", '~', of(right, lost, prohibited), "right, after a retry; another attempt: unreachable: ICMP host prohibited (3/10) from 10.89.0.13, 3 attempts"},
		{"the kernel's word", 'R', of(report.Attempt{Outcome: facts.Refused, Errno: "ECONNREFUSED"}), "refused: ECONNREFUSED, 1 attempt"},
		{"a retry", '~', of(lost, right), "right, after a retry; another attempt: timed out after 2.5 s, 2 attempts"},
		{"an answer where none is right", 'G', of(right), "garbled answer; at last answered after 412 µs, 1 attempt"},
		{"some backends", 'p', &report.Detail{Attempts: []report.Attempt{right}, Met: []string{"pod/n1", "pod/n2"}}, "answered in part: met only pod/n1, pod/n2, 1 attempt"},
		{"some sizes", 'B', &report.Detail{Attempts: []report.Attempt{{Outcome: facts.Timeout}}, PathMTU: 1400}, "packet too big: up to 1,400 bytes arrive, 1 attempt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := happened(letterOf(tc.letter), tc.detail); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEverythingThatWasToldOfAnAttempt(t *testing.T) {
	a := report.Attempt{
		Outcome: facts.OK, Local: "10.244.1.4:40001", Seen: "10.88.0.3:61002", Peer: "pod/n2", Size: 1450, Errno: "EMSGSIZE", Note: "odd\x1b[31m",
	}
	if got, want := told(a), "EMSGSIZE · odd · sent from 10.244.1.4:40001 · seen as 10.88.0.3:61002 · met pod/n2 · 1,450 bytes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	a = report.Attempt{Local: "10.244.1.4:1", Seen: "10.244.1.4:1"}
	if got, want := told(a), "sent from 10.244.1.4:1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTimesHaveTwoOrThreeFigures(t *testing.T) {
	for micros, want := range map[int]string{79: "79 µs", 2573: "2.6 ms", 65_400: "65 ms", 2_500_976: "2.5 s"} {
		if got := span(micros); got != want {
			t.Errorf("%d: got %q, want %q", micros, got, want)
		}
	}
}

func TestTheMapBeginsWithTheZonesOfALargeClusterInSeveral(t *testing.T) {
	many := func(n int, zones ...string) *report.Report {
		r := &report.Report{}
		for i := range n {
			r.Nodes = append(r.Nodes, report.Node{Name: string(rune('a' + i)), Zone: zones[i%len(zones)]})
		}
		return r
	}
	for _, tc := range []struct {
		name   string
		report *report.Report
		want   int
	}{
		{"few nodes", many(250, "a", "b"), 0},
		{"many nodes in two zones", many(251, "a", "b"), 251},
		{"many nodes, some without a zone", many(300, "a", ""), 150},
		{"many nodes in one zone", many(300, "a"), 0},
		{"many nodes, and nobody knows", many(300, ""), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := len(zones(tc.report)); got != tc.want {
				t.Errorf("%d nodes have a zone in the page, want %d", got, tc.want)
			}
		})
	}
}
