package service_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

const localTCP, localUDP = "host>nodePortLocal/tcp/ipv4@main", "host>nodePortLocal/udp/ipv4@main"

const outsideTCP = "runner>nodePortLocal/tcp/ipv4@main"

const ownNode = "; 3 not judged here: a node that asks its own NodePort is served by the policy Cluster"

// answersEverywhere: n3 has no backend (n1 and n2 do) and answers all the same.
func answersEverywhere(s *facts.Snapshot) {
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "host>nodePortLocal/"+via+"/ipv4@main", "..O", "..O", "..O")
		factstest.Letters(s, "runner>nodePortLocal/"+via+"/ipv4@main", "..O")
	}
}

func local(s *facts.Snapshot) check.Result { return service.NodePortLocal().Evaluate(s) }

func TestNodesWithoutABackendStaySilentAndTheirSilenceIsRight(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, localTCP, "..T", "..R", "..U")
	factstest.Expect(t, local(s), check.Pass, "9 of 9 pairs keep to the policy Local (TCP and UDP; IPv4; from hosts and the runner)"+ownNode)
}

func TestANodeThatAnswersWithoutABackendFails(t *testing.T) {
	s := factstest.Healthy(3)
	answersEverywhere(s)
	r := local(s)
	factstest.Expect(t, r, check.Fail, "6 of 9 pairs keep to the policy Local (TCP and UDP; IPv4; from hosts and the runner)"+ownNode,
		"3 of 9 pairs are answered by a node that has no backend: all to n3 (TCP and UDP; IPv4; from hosts and the runner)")
	if m := r.Findings[0].Remedy[0]; m.Node != "n3" || !strings.Contains(m.Command, "KUBE-(EXT") {
		t.Errorf("%+v", m)
	}
}

func TestANodeWithABackendHasToAnswer(t *testing.T) {
	s := factstest.Healthy(3)
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "host>nodePortLocal/"+via+"/ipv4@main", ".TT", ".TT", ".TT")
		factstest.Letters(s, "runner>nodePortLocal/"+via+"/ipv4@main", ".TT")
	}
	factstest.Expect(t, local(s), check.Fail, "6 of 9 pairs keep to the policy Local (TCP and UDP; IPv4; from hosts and the runner)"+ownNode,
		"3 of 9 pairs time out: all to n2 (TCP and UDP; IPv4; from hosts and the runner)",
	)
}

func TestABackendThatSeesANodeInPlaceOfTheClientFails(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, localTCP, ".nT", "..T", ".nT")
	r := local(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Says, "the backend sees a node's address instead of the client's") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestANATBeforeTheClusterIsNotTheClusters(t *testing.T) {
	for seen, want := range map[string]check.Verdict{"192.0.2.77": check.Pass, "10.0.0.12": check.Fail, "10.244.2.1": check.Fail} {
		s := factstest.Healthy(3)
		factstest.Set(s, outsideTCP, "runner", "nodePortLocal/n2", facts.Cell{Outcome: facts.OK, Rewritten: true}, &facts.Detail{
			Attempts: []facts.Attempt{{Outcome: facts.OK, Local: netip.MustParseAddrPort("10.0.0.200:50000"), Seen: netip.AddrPortFrom(netip.MustParseAddr(seen), 61000)}},
		})
		if r := local(s); r.Verdict != want {
			t.Errorf("the backend saw %s: %s %+v", seen, r.Verdict, r.Findings)
		}
	}
}

func TestADataPlaneInThePlaceOfKubeProxyMayServeItsOwnNodes(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.WithoutProxy(s)
	s.Cluster.CNI = "cilium"
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "host>nodePortLocal/"+via+"/ipv4@main", "..O", "..O", "..O")
	}
	if r := local(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "in the place of kube-proxy") {
		t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
}

func TestOneNodeNeedsAVantageOutside(t *testing.T) {
	s := factstest.Healthy(1)
	s.Run.InCluster = true
	factstest.Keep(s, "host>")
	if r := local(s); r.Verdict != check.Skip {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestALocalServiceThatCouldNotBeMadeIsUnknown(t *testing.T) {
	s := factstest.Healthy(3)
	for i := range s.Matrices {
		if m := &s.Matrices[i]; m.Flow.To == facts.ToNodePortLocal {
			m.NotRun, m.Rows, m.Targets = "the Service was refused: NodePorts are forbidden", nil, nil
		}
	}
	if r := local(s); r.Verdict != check.Unknown || !strings.Contains(r.Why, "NodePorts are forbidden") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestWithoutHostsTheRunnerAsksAlone(t *testing.T) {
	s := factstest.Healthy(3)
	s.Run.Unprivileged = true
	factstest.Keep(s, "runner>")
	if r := local(s); r.Verdict != check.Pass || !strings.HasPrefix(r.Why, "3 of 3 pairs") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}
