package peering_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/peering"
)

func fault(node, peer string) peering.Fault {
	return peering.Fault{
		Node: node, Peer: peer, Kind: "missing", Verdict: check.Fail, Says: "no route to " + peer,
		Repair: []check.Remedy{{Text: "set " + peer, Node: node}}, Then: []check.Remedy{{Text: "check", Node: node}},
	}
}

func TestFaultsAreFoldedByWhatTheyShare(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []peering.Fault
		want   []string // subject: says
	}{
		{"none", nil, nil},
		{"one", []peering.Fault{fault("n1", "n2")}, []string{"n1 → n2: no route to n2"}},
		{"a node that is wrong towards many", []peering.Fault{fault("n1", "n2"), fault("n1", "n3")}, []string{"n1 → 2 nodes: no route to n2; the same towards n3"}},
		{"a peer that many are wrong about", []peering.Fault{fault("n1", "n3"), fault("n2", "n3")}, []string{"2 nodes → n3: no route to n3; the same on n2"}},
		{
			"a row and a column",
			[]peering.Fault{fault("n1", "n2"), fault("n1", "n3"), fault("n1", "n4"), fault("n2", "n5"), fault("n3", "n5")},
			[]string{"n1 → 3 nodes: no route to n2; the same towards n3, n4", "2 nodes → n5: no route to n5; the same on n3"},
		},
		{"two kinds stay apart, failures first", []peering.Fault{{Node: "n1", Kind: "odd", Verdict: check.Warn, Says: "odd"}, fault("n1", "n2")}, []string{"n1 → n2: no route to n2", "n1: odd"}},
		{"without a peer", []peering.Fault{{Node: "n2", Kind: "k", Verdict: check.Unknown, Says: "why"}, {Node: "n1", Kind: "k", Verdict: check.Unknown, Says: "why"}}, []string{"n2, n1: why; the same on n1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range peering.Fold(c.faults) {
				got = append(got, f.Subject+": "+f.Says)
				if !slices.IsSorted(f.Nodes) || len(f.Nodes) == 0 {
					t.Errorf("nodes %q", f.Nodes)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestEveryRepairIsToldAndEqualStepsOnce(t *testing.T) {
	f := peering.Fold([]peering.Fault{fault("n1", "n2"), fault("n1", "n3")})[0]
	want := []check.Remedy{{Text: "set n2", Node: "n1"}, {Text: "set n3", Node: "n1"}, {Text: "check", Node: "n1"}}
	if !slices.Equal(f.Remedy, want) {
		t.Errorf("%+v", f.Remedy)
	}
}

func TestOfManyOnlyTheFirstAreNamed(t *testing.T) {
	if got := peering.Names([]string{"a", "b", "c", "d", "e", "f", "g"}); got != "a, b, c, d, e and 2 more" {
		t.Error(got)
	}
}

func TestLooksThatFailedAlikeAreOneFinding(t *testing.T) {
	s := factstest.Healthy(3)
	for _, n := range []string{"n1", "n3"} {
		*s.Host(n, facts.Last) = facts.HostLook{Node: n, Look: facts.Last, NotRun: "the deadline passed"}
	}
	got := peering.Unseen(s)
	if len(got) != 1 || got[0].Verdict != check.Unknown || !slices.Equal(got[0].Nodes, []string{"n1", "n3"}) {
		t.Errorf("%+v", got)
	}
}

func TestTheAgentOfTheNodeIsRestarted(t *testing.T) {
	s := factstest.Healthy(2)
	if got := peering.RestartCNI(s, "n2").Command; got != "kubectl -n kube-flannel delete pod kube-flannel-2" {
		t.Error(got)
	}
	s.Cluster.CNIPods, s.Cluster.CNIPodsLast = nil, nil
	if got := peering.RestartCNI(s, "n2").Command; !strings.HasPrefix(got, "kubectl -n kube-flannel get pods") || !strings.HasSuffix(got, "delete") {
		t.Errorf("of a plugin whose pods are not known: %s", got)
	}
	s.Cluster.CNI = ""
	for i := range s.Nodes {
		s.Nodes[i].Published = nil
	}
	if got := peering.RestartCNI(s, "n2").Command; got != "kubectl get pods -A -o wide --field-selector spec.nodeName=n2" {
		t.Errorf("of a plugin that is not known: %s", got)
	}
}
