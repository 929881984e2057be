package judge

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestAReplicaWithoutAnAddressIsListedAsNotChecked(t *testing.T) {
	s := factstest.Healthy(2)
	s.Cluster.DNSPods = append(s.Cluster.DNSPods, facts.Pod{Name: "coredns-new", Node: "n2"})
	r := Judge(s, nil, nil)
	for _, n := range r.NotChecked {
		if n.What == "DNS replica coredns-new" {
			return
		}
	}
	t.Errorf("not checked: %+v", r.NotChecked)
}

func TestTheVerdictStaysOneSentence(t *testing.T) {
	for _, tc := range []struct {
		ids  []string
		want string
	}{
		{[]string{"a", "b", "c", "d"}, "a, b, c, d"},
		{[]string{"a", "b", "c", "d", "e"}, "a, b, c and 2 more"},
	} {
		if got := some(tc.ids); got != tc.want {
			t.Errorf("%v: %q", tc.ids, got)
		}
	}
}
