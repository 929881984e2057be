package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/reach"
)

// eachSeries changes the figures of every pair that matches, in every series.
func eachSeries(s *facts.Snapshot, match func(from, to string) bool, change func(*facts.SeriesCell)) {
	for i := range s.Matrices {
		m := &s.Matrices[i]
		if m.Flow.Via != facts.Series {
			continue
		}
		for _, r := range m.Rows {
			for j := range r.Series {
				if match(r.From.Node, m.Targets[j].Node) {
					change(&r.Series[j])
				}
			}
		}
	}
}

// crossing are the pairs between a node and the others.
func crossing(node string) func(string, string) bool {
	return func(from, to string) bool { return from != to && (from == node || to == node) }
}

// slowNode gives a node's pairs another median, in microseconds.
func slowNode(s *facts.Snapshot, node string, micros int) {
	eachSeries(s, crossing(node), func(c *facts.SeriesCell) {
		c.Median, c.P95, c.Worst, c.Deviation = micros, micros+900, micros+4000, 300
	})
}

func lose(n int) func(*facts.SeriesCell) {
	return func(c *facts.SeriesCell) { c.Lost = n }
}

const calm = "18 of 18 pairs were measured (series of TCP connects; IPv4; from pods and hosts): " +
	"pods over IPv4, 6 pairs between nodes: 0 of 120 connects lost, median 0.26 ms, p95 0.36 ms, deviation 0.064 ms, worst 0.51 ms; " +
	"hosts over IPv4, 6 pairs between nodes: 0 of 120 connects lost, median 0.26 ms, p95 0.36 ms, deviation 0.064 ms, worst 0.51 ms"

func TestTheSummaryGivesTheFleetsFigures(t *testing.T) {
	factstest.Expect(t, reach.Quality().Evaluate(snapshot()), check.Pass, calm)
}

func TestASlowNodeIsNamedAndNotItsPairs(t *testing.T) {
	for name, n := range map[string]int{"three nodes": 3, "four nodes": 4, "ten nodes": 10, "forty nodes, whose receivers are a sample": 40} {
		s := factstest.Healthy(n)
		slowNode(s, "n2", 52_000)
		r := reach.Quality().Evaluate(s)
		if r.Verdict != check.Warn || len(r.Findings) != 1 {
			t.Fatalf("%s: %s, %d findings", name, r.Verdict, len(r.Findings))
		}
		f := r.Findings[0]
		const want = "connects from and to n2 take 52 ms at the median, 203 times the 0.26 ms between the other nodes (pods, IPv4)"
		if f.Says != want || !slices.Equal(f.Nodes, []string{"n2"}) || len(f.Evidence) != 2 || f.Remedy[0].Node != "n2" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestTwoSlowNodesOfFiveAreBothNamed(t *testing.T) {
	s := factstest.Healthy(5)
	slowNode(s, "n2", 52_000)
	slowNode(s, "n4", 52_000)
	r := reach.Quality().Evaluate(s)
	if len(r.Findings) != 2 || r.Findings[0].Subject != "n2" || r.Findings[1].Subject != "n4" {
		t.Errorf("%+v", r.Findings)
	}
}

func TestTwoNodesAloneHaveNoFleetToBeComparedWith(t *testing.T) {
	s := factstest.Healthy(2)
	slowNode(s, "n2", 52_000)
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "median 52 ms") {
		t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
}

func TestSmallDifferencesAreNotOutliers(t *testing.T) {
	s := factstest.Healthy(3)
	slowNode(s, "n2", 1900) // seven times as much, but below the floor
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("%+v", r.Findings)
	}
}

func TestZonesAreAsFarApartAsTheyAre(t *testing.T) {
	s := factstest.Healthy(10)
	for i := range s.Nodes {
		s.Nodes[i].Zone = []string{"a", "b"}[i%2]
	}
	eachSeries(s, func(from, to string) bool { return s.Node(from).Zone != s.Node(to).Zone },
		func(c *facts.SeriesCell) { c.Median, c.P95, c.Worst = 9000, 9500, 11000 })
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("%+v", r.Findings)
	}
	slowNode(s, "n2", 60_000)
	if r := reach.Quality().Evaluate(s); len(r.Findings) != 1 || r.Findings[0].Subject != "n2" || len(r.Findings[0].Evidence) != 4 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestASlowPairOfWellNodesIsNamedAsAPair(t *testing.T) {
	s := factstest.Healthy(4)
	eachSeries(s, func(from, to string) bool { return from == "n1" && to == "n3" || from == "n3" && to == "n1" },
		func(c *facts.SeriesCell) { c.Median = 30_000 })
	r := reach.Quality().Evaluate(s)
	if r.Verdict != check.Warn || len(r.Findings) != 1 || r.Findings[0].Subject != "n1 ↔ n3" {
		t.Fatalf("%+v", r.Findings)
	}
	const want = "connects between n1 and n3 take 30 ms at the median, 0.26 ms is usual (pods and hosts, IPv4)"
	if says := r.Findings[0].Says; says != want {
		t.Error(says)
	}
}

func TestLossIsToldByTheNodeThatAllOfItShares(t *testing.T) {
	s := factstest.Healthy(3)
	eachSeries(s, crossing("n2"), lose(1))
	factstest.Expect(t, reach.Quality().Evaluate(s), check.Fail, strings.ReplaceAll(calm, "0 of 120 connects", "4 of 120 connects"),
		"8 of 160 connects from and to n2 were lost (pods and hosts, IPv4); 10 other pairs lost none")
}

func TestLossOfManyShapes(t *testing.T) {
	for name, tc := range map[string]struct {
		nodes int
		match func(from, to string) bool
		want  check.Verdict
		says  []string
	}{
		"one direction":  {3, func(from, to string) bool { return from == "n1" && to == "n2" }, check.Warn, []string{"2 of 40 connects from n1 to n2 were lost (pods"}},
		"towards a node": {10, func(from, to string) bool { return from != to && to == "n7" }, check.Fail, []string{"18 of 360 connects to n7 were lost (pods"}},
		"everywhere":     {10, func(from, to string) bool { return from != to }, check.Fail, []string{"180 of 3,600 connects in no pattern were lost (pods"}},
		"within a node":  {3, func(from, to string) bool { return from == "n3" && to == "n3" }, check.Warn, []string{"2 of 40 connects within n3 were lost (pods"}},
		"two pairs": {10, func(from, to string) bool { return from == "n1" && to == "n2" || from == "n5" && to == "n6" }, check.Warn, []string{
			"2 of 40 connects from n1 to n2 were lost (pods", "2 of 40 connects from n5 to n6 were lost (pods",
		}},
	} {
		s := factstest.Healthy(tc.nodes)
		eachSeries(s, tc.match, lose(1))
		r := reach.Quality().Evaluate(s)
		if r.Verdict != tc.want || len(r.Findings) != len(tc.says) {
			t.Errorf("%s: %s %+v", name, r.Verdict, r.Findings)
			continue
		}
		for i, f := range r.Findings {
			if !strings.HasPrefix(f.Says, tc.says[i]) {
				t.Errorf("%s: %s", name, f.Says)
			}
		}
	}
}

func TestLossOfHalfTheTrafficIsAFailure(t *testing.T) {
	s := factstest.Healthy(3)
	eachSeries(s, crossing("n2"), lose(10))
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
	eachSeries(s, crossing("n2"), lose(20)) // no answer at all: there is no time to compare either
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestAConnectThatWasSentAgainIsALostPacket(t *testing.T) {
	s := factstest.Healthy(3)
	eachSeries(s, func(from, to string) bool { return from == "n1" && to == "n2" }, func(c *facts.SeriesCell) { c.Worst = 1_002_000 })
	r := reach.Quality().Evaluate(s)
	if r.Verdict != check.Warn || len(r.Findings) != 1 {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	const want = "0 of 40 connects from n1 to n2 were lost (pods and hosts, IPv4); in 2 pairs a first packet was lost and sent again after a second"
	if says := r.Findings[0].Says; says != want {
		t.Error(says)
	}
}

func TestASeriesWithoutFiguresIsUnknown(t *testing.T) {
	s := factstest.Healthy(2)
	s.Matrix(factstest.Flow("pod>pod/series/ipv4@main")).Rows[0].Series = nil
	const why = "2 pairs not run: no figures of a series came back (from pods; series of TCP connects; IPv4)"
	factstest.Expect(t, reach.Quality().Evaluate(s), check.Unknown, why, why)
}

func TestWithoutHostsTheSeriesOfPodsAreJudged(t *testing.T) {
	s := factstest.Healthy(3)
	s.Run.Unprivileged = true
	factstest.Keep(s, "pod>")
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "--unprivileged") {
		t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
}
