package service_test

import (
	"flag"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

var update = flag.Bool("update", false, "write the recordings anew")

const (
	podTCP, podUDP   = "pod>clusterIP/tcp/ipv4@main", "pod>clusterIP/udp/ipv4@main"
	hostTCP, hostUDP = "host>clusterIP/tcp/ipv4@main", "host>clusterIP/udp/ipv4@main"
)

// meets makes a vantage meet only some backends: a Partial answer, or with
// failures between the answers the outcome given.
func meets(s *facts.Snapshot, key, from string, o facts.Outcome, met ...string) {
	d := &facts.Detail{Met: met, Attempts: []facts.Attempt{{Outcome: facts.OK, Micros: 300}}}
	if o != facts.OK {
		d.Attempts = append(d.Attempts, facts.Attempt{Outcome: o, Micros: 2500000})
	}
	factstest.Set(s, key, from, "service", facts.Cell{Outcome: o, Partial: true}, d)
}

func TestAHealthyClusterPasses(t *testing.T) {
	var always, withFleet []check.Check
	for _, c := range service.All() {
		switch {
		case c.Level == check.OptIn || c.ID == "service/programmed": // tested beside its own file
		case c.ID == "service/affinity":
			withFleet = append(withFleet, c)
		default:
			always = append(always, c)
		}
	}
	snapshots := map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "IPv6 alone": factstest.Healthy(2, facts.IPv6), "ten nodes": factstest.Healthy(10),
		"dual stack, the Service kubernetes in one family": factstest.Healthy(3, facts.IPv4, facts.IPv6),
		"forty nodes, of which a sample receives":          factstest.Healthy(40),
	}
	factstest.Passes(t, withFleet, snapshots)
	snapshots["one node"] = factstest.Healthy(1)
	factstest.Passes(t, always, snapshots)
}

func TestABackendThatNobodyMeetsIsNamedByItsNode(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{podTCP, podUDP, hostTCP, hostUDP} {
		for _, n := range []string{"n1", "n2", "n3"} {
			kind := key[:len(key)-len(">clusterIP/tcp/ipv4@main")]
			meets(s, key, kind+"/"+n, facts.Timeout, "pod/n1", "pod/n3")
		}
	}
	r := service.ClusterIP().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "12 of 18 pairs of sender and backend meet through the ClusterIP (TCP and UDP; IPv4; from pods and hosts)",
		"6 of 18 pairs of sender and backend never meet, though other backends answer: all to n2 (TCP and UDP; IPv4; from pods and hosts)")
	f := r.Findings[0]
	if !slices.Equal(f.Nodes, []string{"n2"}) || len(f.Pairs) != 12 || f.Pairs[0].To != "service" {
		t.Errorf("%v %+v", f.Nodes, f.Pairs)
	}
}

func TestOneSenderThatMeetsNobodyIsTheSenders(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{podTCP, podUDP, hostTCP, hostUDP} {
		factstest.Letters(s, key, ".", ".", "T")
	}
	r := service.ClusterIP().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "12 of 18 pairs of sender and backend meet through the ClusterIP (TCP and UDP; IPv4; from pods and hosts)",
		"6 of 18 pairs of sender and backend time out: all from n3 (TCP and UDP; IPv4; from pods and hosts)")
	if m := r.Findings[0].Remedy; len(m) == 0 || m[1].Node != "n3" {
		t.Errorf("%+v", m)
	}
}

func TestASenderThatMeetsOnlyItsOwnNodeIsToldFromADeadSender(t *testing.T) {
	s := factstest.Healthy(3)
	meets(s, hostTCP, "host/n3", facts.Timeout, "pod/n3")
	factstest.Expect(t, service.ClusterIP().Evaluate(s), check.Fail,
		"16 of 18 pairs of sender and backend meet through the ClusterIP (TCP and UDP; IPv4; from pods and hosts)",
		"2 of 9 pairs of sender and backend never meet, though other backends answer: all from n3 to other nodes (TCP only; IPv4; from hosts only)")
}

func TestAServiceThatCouldNotBeMadeIsUnknown(t *testing.T) {
	s := factstest.Healthy(2)
	for i := range s.Matrices {
		if m := &s.Matrices[i]; m.Flow.To == facts.ToClusterIP {
			m.NotRun, m.Rows, m.Targets = "the Service was refused: NodePorts are forbidden", []facts.Row{}, []facts.Target{}
		}
	}
	r := service.ClusterIP().Evaluate(s)
	const why = "not observed: from pods and hosts; TCP and UDP; IPv4: the Service was refused: NodePorts are forbidden"
	factstest.Expect(t, r, check.Unknown, why, why)
}

func TestOneNodesNodePortIsItsColumnFromEverywhere(t *testing.T) {
	s := factstest.Healthy(3)
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "pod>nodePort/"+via+"/ipv4@main", ".T.", ".T.", ".T.")
		factstest.Letters(s, "host>nodePort/"+via+"/ipv4@main", ".T.", "...", ".T.")
		factstest.Letters(s, "runner>nodePort/"+via+"/ipv4@main", ".T.")
	}
	factstest.Expect(t, service.NodePort().Evaluate(s), check.Fail,
		"15 of 21 pairs answer (TCP and UDP; IPv4; from pods, hosts and the runner)",
		"6 of 21 pairs time out: all to n2 (TCP and UDP; IPv4; from pods, hosts and the runner)")
}

func TestANodePortNotTriedFromOutsideIsSaid(t *testing.T) {
	s := factstest.Healthy(2)
	factstest.Keep(s, "pod>nodePort", "host>nodePort")
	s.Run.NoRunner = "the nodes' addresses are not routed from here"
	factstest.Expect(t, service.NodePort().Evaluate(s), check.Pass,
		"8 of 8 pairs answer (TCP and UDP; IPv4; from pods and hosts); not tried from outside: the nodes' addresses are not routed from here")
	s.Run.NoRunner, s.Run.InCluster = "", true
	factstest.Expect(t, service.NodePort().Evaluate(s), check.Pass,
		"8 of 8 pairs answer (TCP and UDP; IPv4; from pods and hosts); not tried from outside: the run was made within the cluster")
}

func TestAnAPIThatOurOwnServiceHealedStillFails(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, "host>api/tls/ipv4@first", ".", "T", ".")
	r := service.API().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "5 of 6 pairs answer (TLS; IPv4; from hosts and pods; at the first look and the main look)",
		"1 of 3 pairs times out: all from n2 (TLS; IPv4; from hosts only; at the first look only); "+
			"it went well at the main look: creating our own pods and Services healed it")
}

func TestAnAPIThatIsNotKnownIsUnknown(t *testing.T) {
	s := factstest.Healthy(2)
	s.Cluster.API = []netip.AddrPort{}
	if r := service.API().Evaluate(s); r.Verdict != check.Unknown {
		t.Errorf("%+v", r)
	}
	if flows := service.API().Ask(check.ScopeOf(s)); flows != nil {
		t.Errorf("asks %v", flows)
	}
}
