package dns

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// A node or replica is an outlier where even its fastest way takes so many times
// what the others' takes, and so many microseconds longer.
const (
	outlierFactor = 4
	outlierMicros = 20000
)

// outliers names the replicas and the nodes whose medians lie far above the
// others'. Ways within one node do not count: they are fast however slow the
// node's link is. A node is measured against replicas that are not slow themselves.
func (r races) outliers(s *facts.Snapshot) []check.Finding {
	replicas := r.slow(func(one race) string {
		if one.flow.To != facts.ToDNSReplica || one.from.Node == one.to.Node {
			return ""
		}
		return one.label()
	})
	nodes := r.slow(func(one race) string {
		if one.flow.To != facts.ToDNSReplica || one.from.Node == one.to.Node || replicas[one.label()] != nil {
			return ""
		}
		return one.from.Node
	})
	var out []check.Finding
	for _, name := range sortedKeys(replicas) {
		o := replicas[name]
		f := o.finding(s, fmt.Sprintf("the replica %s answers after %s at the median, even to the node that gets it fastest; the others after %s",
			name, millis(o.value), millis(o.others)))
		f.Subject = name
		if n := o.races[0].to.Node; n != "" {
			f.Nodes = []string{n}
		}
		out = append(out, f)
	}
	for _, name := range sortedKeys(nodes) {
		o := nodes[name]
		f := o.finding(s, fmt.Sprintf("pods of %s wait %s at the median for the cluster DNS, even at the replica that is fastest; those of other nodes %s",
			name, millis(o.value), millis(o.others)))
		f.Subject, f.Nodes = name, []string{name}
		out = append(out, f)
	}
	return out
}

// outlier is one that is slow, with the series that say so.
type outlier struct {
	value, others int
	races         []race
}

// slow groups the series by name ("" leaves one out) and gives the groups whose
// best median lies far above the median of the other groups' best.
func (r races) slow(name func(race) string) map[string]*outlier {
	groups := map[string]*outlier{}
	for _, one := range r.answered() {
		n := name(one)
		if n == "" {
			continue
		}
		g := groups[n]
		if g == nil {
			g = &outlier{value: one.series.Median}
			groups[n] = g
		}
		g.value = min(g.value, one.series.Median)
		g.races = append(g.races, one)
	}
	out := map[string]*outlier{}
	names := sortedKeys(groups)
	values := make([]int, 0, len(names))
	for _, n := range names {
		values = append(values, groups[n].value)
	}
	for i, n := range names {
		others := slices.Delete(slices.Clone(values), i, i+1)
		if len(others) == 0 {
			continue
		}
		g := groups[n]
		g.others = median(others)
		if g.value >= outlierFactor*g.others && g.value-g.others >= outlierMicros {
			out[n] = g
		}
	}
	return out
}

func (o outlier) finding(s *facts.Snapshot, says string) check.Finding {
	f := check.Finding{Nodes: []string{}, Verdict: check.Warn, Says: says}
	for _, one := range o.races {
		f.Pairs = append(f.Pairs, check.Pair{From: one.from.String(), To: one.to.ID, Flow: one.flow.Key()})
		if len(f.Evidence) < most {
			f.Evidence = append(f.Evidence, one.evidence())
		}
	}
	first := o.races[0]
	f.Remedy = []check.Remedy{{
		Purpose: check.Find,
		Text:    "Is it the way? The round trip of a plain packet tells", Node: first.from.Node,
		Command: fmt.Sprintf("ping -c 20 -i 0.2 %s; ip route get %s", first.to.Addr, first.to.Addr),
	}, {
		Purpose: check.Find,
		Text:    "Is it the load? Look at CPU and throttling of the node and of the replica (see pressure/load and pressure/cpu)",
		Command: "kubectl top nodes; " + remedies.DNS(s).Top() + "; " + remedies.DNS(s).Pods(),
	}, {
		Text:    "Where it is the replica, let the replicas be recreated; where it is the node's load, limit or move what uses its processors",
		Command: remedies.DNS(s).Rollout("restart"),
	}, {
		Purpose: check.Verify,
		Text:    "Check by asking again: the times must be like those of other nodes", Node: first.from.Node,
		Command: fmt.Sprintf("for i in 1 2 3 4 5; do dig @%s %s | grep 'Query time'; done", first.to.Addr, question(first.to)),
	}}
	return f
}
