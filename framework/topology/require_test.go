package topology_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/topology"
)

func asking(flows ...facts.Flow) check.Check {
	return check.Check{Ask: func(check.Scope) []facts.Flow { return flows }}
}

func TestWhatIsPlacedFollowsFromFlowsLooksAndNeeds(t *testing.T) {
	first := flow(facts.FromHost, facts.ToAPI, facts.TLS)
	first.Look = facts.First
	for _, c := range []struct {
		name                 string
		check                check.Check
		hosts, pods, service bool
		execs                int
	}{
		{"reading the API places nothing", check.Check{Needs: []check.Need{check.NeedAPI}}, false, false, false, 0},
		{"a need for hosts places node agents", check.Check{Needs: []check.Need{check.NeedHosts}}, true, false, false, 1},
		{"a need to read hosts places node agents", check.Check{Needs: []check.Need{check.NeedHostRead}}, true, false, false, 1},
		{"a look needs hosts even where no need is named", check.Check{Looks: []facts.Look{facts.First, facts.Last}}, true, false, false, 2},
		{"a need for pods places probe pods, which tell how they began", check.Check{Needs: []check.Need{check.NeedPods}}, false, true, false, 1},
		{"a need for the Service places what stands behind it", check.Check{Needs: []check.Need{check.NeedService}}, false, true, true, 1},
		{"a flow that ends at hosts needs their agents", asking(flow(facts.FromPod, facts.ToHost, facts.TCP)), true, true, false, 2},
		{"a flow that starts at hosts needs their agents", asking(flow(facts.FromHost, facts.ToPod, facts.TCP)), true, true, false, 3},
		{"a flow before anything is placed costs no exec of its own", asking(first), true, false, false, 1},
		{"NodePorts from outside need the Service and pods, and no node agent", asking(flow(facts.FromRunner, facts.ToNodePort, facts.TCP)), false, true, true, 1},
		{"the ClusterIP needs the Service", asking(flow(facts.FromPod, facts.ToClusterIP, facts.UDP)), false, true, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := topology.Required([]check.Check{c.check}, topology.Presumed(true))
			if r.Hosts != c.hosts || r.Pods != c.pods || r.Service != c.service || r.ExecsPerNode() != c.execs {
				t.Errorf("hosts %v, pods %v, Service %v, %d exec calls", r.Hosts, r.Pods, r.Service, r.ExecsPerNode())
			}
		})
	}
}

func TestWithoutHostsNothingBeginsOrEndsThere(t *testing.T) {
	kept := flow(facts.FromPod, facts.ToPod, facts.TCP)
	all := topology.Required([]check.Check{
		asking(kept, flow(facts.FromPod, facts.ToHost, facts.TCP), flow(facts.FromHost, facts.ToPod, facts.TCP)),
		{Looks: []facts.Look{facts.First}},
	}, topology.Presumed(true))
	got := all.WithoutHosts()
	if got.Hosts || len(got.Looks) != 0 || !slices.Equal(got.Flows, []facts.Flow{kept}) || got.ExecsPerNode() != 1 {
		t.Errorf("left: %+v", got)
	}
	if !all.Hosts || len(all.Flows) != 3 {
		t.Errorf("the whole was changed: %+v", all)
	}
}

// TestWhatIsExpectedIsWhatWillBePlanned compares the count of a dry run with
// the plans of a real one.
func TestWhatIsExpectedIsWhatWillBePlanned(t *testing.T) {
	flows := factstest.Flows(facts.IPv4)
	for _, nodes := range []int{1, 3, 10} {
		s := factstest.Healthy(nodes)
		want := 0
		for _, kind := range []facts.VantageKind{facts.FromPod, facts.FromHost, facts.FromRunner} {
			planned, empty := topology.Planned(s, flows, kind)
			if len(empty) != 0 {
				t.Fatalf("%d nodes: %d flows have no target", nodes, len(empty))
			}
			want += topology.Probes(planned) * len(topology.Vantages(s, kind))
		}
		got := 0
		for _, c := range topology.Expect(flows, topology.Size{Nodes: nodes, DNSReplicas: len(s.Cluster.DNSPods)}) {
			got += c.Probes
		}
		if got != want || got == 0 {
			t.Errorf("%d nodes: %d probes are expected, %d planned", nodes, got, want)
		}
	}
}
