package symptom_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

func TestAlikeSymptomsBecomeOneFinding(t *testing.T) {
	got := symptom.Findings([]symptom.Symptom{
		{Node: "n3", Thing: "eth0", Verdict: check.Warn, Kind: "drops", Says: "3 lost", Weight: 3},
		symptom.Unknown("n2", "the host was not looked at"),
		{Node: "n1", Thing: "eth0", Verdict: check.Warn, Kind: "drops", Says: "9 lost", Weight: 9},
		{Node: "n1", Thing: "eth1", Verdict: check.Warn, Kind: "drops", Says: "1 lost", Weight: 1},
		symptom.Unknown("n4", "the host was not looked at"),
	})
	want := []struct {
		subject, says string
		nodes         []string
	}{
		{"2 nodes (eth0)", "on 2 nodes, most of all on n1: 9 lost", []string{"n1", "n3"}},
		{"2 nodes", "on 2 nodes: the host was not looked at", []string{"n2", "n4"}},
		{"n1 (eth1)", "1 lost", []string{"n1"}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d findings: %+v", len(got), got)
	}
	for i, w := range want {
		if got[i].Subject != w.subject || got[i].Says != w.says || !slices.Equal(got[i].Nodes, w.nodes) {
			t.Errorf("%d: %+v, want %+v", i, got[i], w)
		}
	}
}

func TestGrowth(t *testing.T) {
	look := func(v ...int64) *facts.HostLook {
		h := &facts.HostLook{Node: "n1", Counters: map[string]int64{}}
		for _, n := range v {
			h.Counters["c"] = n
		}
		return h
	}
	for _, tc := range []struct {
		name        string
		first, last *facts.HostLook
		by          int64
		ok          bool
	}{
		{"it grew", look(3), look(10), 7, true},
		{"it stayed", look(3), look(3), 0, true},
		{"it was set back, so all of it is new", look(100), look(4), 4, true},
		{"it was not readable at first", look(), look(4), 0, false},
		{"there is no last look", look(1), nil, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, ok := symptom.Of(tc.first, tc.last, "c")
			if ok != tc.ok || g.By() != tc.by {
				t.Errorf("%+v %v", g, ok)
			}
		})
	}
}

func TestLooksThatAreMissingAreExplained(t *testing.T) {
	s := &facts.Snapshot{Hosts: []facts.HostLook{
		{Node: "n1", Look: facts.First},
		{Node: "n1", Look: facts.Last, NotRun: "the deadline passed"},
		{Node: "n2", Look: facts.First},
		{Node: "n2", Look: facts.Last},
	}}
	for node, want := range map[string]string{
		"n1": "there is no last look at the host: the deadline passed", "n2": "", "n3": "the host was not looked at: nobody asked it",
	} {
		if _, _, missing := symptom.Looks(s, node); missing != want {
			t.Errorf("%s: %q, want %q", node, missing, want)
		}
	}
}

func TestEachNodeOfAFindingGetsItsOwnSteps(t *testing.T) {
	verify := check.Remedy{Purpose: check.Verify, Text: "run again", Command: "plumbline run"}
	var all []symptom.Symptom
	for i, node := range []string{"n1", "n2", "n3", "n4", "n5", "n6", "n7"} {
		all = append(all, symptom.Symptom{
			Node: node, Verdict: check.Fail, Kind: "off", Says: "it is off", Weight: int64(i % 3),
			Remedy: []check.Remedy{{Text: "switch it on", Node: node, Command: "on"}, verify},
		})
	}
	var nodes []string
	steps := symptom.Findings(all)[0].Remedy
	for _, m := range steps[:len(steps)-1] {
		nodes = append(nodes, m.Node)
	}
	if want := []string{"n3", "n1", "n2", "n4", "n5"}; !slices.Equal(nodes, want) || steps[len(steps)-1] != verify {
		t.Errorf("the worst node first, five in all, and what they share once at the end: %+v", steps)
	}
}
