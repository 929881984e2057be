package matrix_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

func TestProtocolsOfOneShapeAreOneFindingAndKeepTheirCells(t *testing.T) {
	s := factstest.Healthy(3)
	for _, k := range []string{tcp, udp, icmp} {
		factstest.Letters(s, k, "..T", "..T", "TT.")
	}
	r := matrix.Judge(s, spec(tcp, udp, icmp))
	expect(t, r, "fail: 5 of 9 pairs answer (TCP, UDP and ICMP; IPv4)",
		"fail [n3] [n3] 4 of 9 pairs time out: all between n3 and other nodes (TCP, UDP and ICMP; IPv4)")
	if f := r.Findings[0]; len(f.Pairs) != 12 || f.Flow != "" || f.Pairs[0].Flow != icmp {
		t.Errorf("flow %q, %d pairs, first %+v", f.Flow, len(f.Pairs), f.Pairs[0])
	}
}

func TestAProtocolThatFailsAloneIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, udp, ".T.", ".T.", ".T.")
	expect(t, matrix.Judge(s, spec(tcp, udp, icmp)), "fail: 6 of 9 pairs answer (TCP, UDP and ICMP; IPv4)",
		"fail [n2] [n2] 3 of 9 pairs time out: all to n2 (UDP only; IPv4)")
}

func TestProtocolsThatFailDifferentlyAreToldApart(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, tcp, ".T.", ".T.", ".T.")
	factstest.Letters(s, udp, ".R.", ".R.", ".R.")
	expect(t, matrix.Judge(s, spec(tcp, udp)), "fail: 6 of 9 pairs answer (TCP and UDP; IPv4)",
		"fail [n2] [n2] 3 of 9 pairs fail: all to n2 (TCP: time out, UDP: are refused; TCP and UDP; IPv4)")
}

func TestAFamilyThatFailsAloneIsNamed(t *testing.T) {
	s := factstest.Healthy(2, facts.IPv4, facts.IPv6)
	const six = "pod>pod/tcp/ipv6@main"
	factstest.Letters(s, six, ".T", "T.")
	expect(t, matrix.Judge(s, spec(tcp, six)), "fail: 2 of 4 pairs answer (TCP; IPv4 and IPv6)",
		"fail [n1 n2] [n1 ↔ n2] 2 of 4 pairs time out: both ways between n1 and n2 (TCP; IPv6 only)")
}

func TestASingleNodeIsJudgedAndSaysThatNothingCrossed(t *testing.T) {
	s := factstest.Healthy(1)
	expect(t, matrix.Judge(s, spec(tcp)),
		"pass: 1 of 1 pairs answer (TCP; IPv4); one node under test, so nothing crossed from node to node")
}

func TestANodeWithoutAProbePodIsUnknownAndTheRestIsJudged(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.DropPodAgent(s, "n2", facts.Event{Reason: "FailedCreatePodSandBox", Message: "no IP addresses available"})
	expect(t, matrix.Judge(s, spec(tcp, udp)),
		"unknown: n2 was not probed: its probe pod is not ready (FailedCreatePodSandBox: no IP addresses available)",
		"unknown [n2] [n2] n2 was not probed: its probe pod is not ready (FailedCreatePodSandBox: no IP addresses available)")
}

func TestAFlowOfWhichNothingIsKnownIsUnknown(t *testing.T) {
	s := factstest.Healthy(2)
	factstest.Keep(s, "pod>pod/tcp")
	s.Run.Incomplete = "interrupted"
	expect(t, matrix.Judge(s, spec(tcp, udp)),
		"unknown: not observed: from pods; UDP; IPv4: interrupted",
		"unknown [] [all nodes] not observed: from pods; UDP; IPv4: interrupted")
}

func TestNoFlowAtAllIsUnknown(t *testing.T) {
	if r := matrix.Judge(factstest.Healthy(2), matrix.Spec{}); r.Verdict != check.Unknown || r.Why == "" {
		t.Errorf("%+v", r)
	}
}

func TestManyPairsWithoutAPatternAreOneFinding(t *testing.T) {
	s := factstest.Healthy(12)
	words := make([]string, 12)
	for i := range words {
		w := []byte(strings.Repeat(".", 12))
		if i%2 == 0 {
			w[i+1] = 'T'
		}
		words[i] = string(w)
	}
	factstest.Letters(s, tcp, words...)
	r := matrix.Judge(s, spec(tcp))
	expect(t, r, "fail: 138 of 144 pairs answer (TCP; IPv4)",
		"fail [] [6 pairs without a common node] 6 of 144 pairs time out: in no pattern: n1 → n2, n11 → n12, n3 → n4, n5 → n6, n7 → n8 and n9 → n10 (TCP; IPv4)")
	if len(r.Findings[0].Pairs) != 6 {
		t.Errorf("%d pairs", len(r.Findings[0].Pairs))
	}
}

func TestTwoBadPairsOfOneNodeAreTheNodes(t *testing.T) {
	s := factstest.Healthy(4)
	factstest.Letters(s, tcp, "....", "..TT", ".T..", ".T..")
	expect(t, matrix.Judge(s, spec(tcp)), "fail: 12 of 16 pairs answer (TCP; IPv4)",
		"fail [n2] [n2] 4 of 16 pairs time out: between n2 and n3 and n4 (TCP; IPv4)")
}

func TestTwoBadNodesAreTwoFindings(t *testing.T) {
	s := factstest.Healthy(4)
	factstest.Letters(s, tcp, ".TTT", "T.TT", "TT..", "TT..")
	expect(t, matrix.Judge(s, spec(tcp)), "fail: 6 of 16 pairs answer (TCP; IPv4)",
		"fail [n1] [n1] 6 of 16 pairs time out: all between n1 and other nodes (TCP; IPv4)",
		"fail [n2] [n2] 4 of 16 pairs time out: all between n2 and other nodes (TCP; IPv4)")
}

func TestAServiceThatNobodyReachesIsNamedAndOneSenderIsToo(t *testing.T) {
	const api, host = "pod>api/tls/ipv4@main", "host>api/tls/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Letters(s, api, "T", "T", "T")
	factstest.Letters(s, host, ".", "T", ".")
	expect(t, matrix.Judge(s, spec(api, host)), "fail: 2 of 6 pairs answer (TLS; IPv4; from pods and hosts)",
		"fail [n2] [n2] 1 of 3 pairs times out: all from n2 (TLS; IPv4; from hosts only)",
		"fail [] [Service default/kubernetes 10.96.0.1] 3 of 3 pairs time out: all to Service default/kubernetes 10.96.0.1 (TLS; IPv4; from pods only)")
}

func TestAFaultThatOurOwnObjectsHealedIsSaid(t *testing.T) {
	const first, main = "host>api/tls/ipv4@first", "host>api/tls/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Letters(s, first, ".", "T", ".")
	expect(t, matrix.Judge(s, spec(first, main)), "fail: 2 of 3 pairs answer (TLS; IPv4; at the first look and the main look)",
		"fail [n2] [n2] 1 of 3 pairs times out: all from n2 (TLS; IPv4; at the first look only); it went well at the main look: creating our own pods and Services healed it")
}

func TestTheRunnersRowNamesTheNodesItDoesNotReach(t *testing.T) {
	const runner, pods = "runner>nodePort/tcp/ipv4@main", "pod>nodePort/tcp/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Letters(s, runner, ".T.")
	factstest.Letters(s, pods, ".T.", ".T.", ".T.")
	expect(t, matrix.Judge(s, spec(runner, pods)), "fail: 8 of 12 pairs answer (TCP; IPv4; from the runner and pods)",
		"fail [n2] [n2] 4 of 12 pairs time out: all to n2 (TCP; IPv4; from the runner and pods)")
	factstest.Letters(s, pods, "...", "...", "...")
	factstest.Letters(s, runner, "TTT")
	expect(t, matrix.Judge(s, spec(runner, pods)), "fail: 9 of 12 pairs answer (TCP; IPv4; from the runner and pods)",
		"fail [] [runner] 3 of 3 pairs time out: all from runner (TCP; IPv4; from the runner only)")
}

func TestEvidenceHoldsWhatBothEndsSaw(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, tcp, "...", "U.U", "...")
	e := matrix.Judge(s, spec(tcp)).Findings[0].Evidence
	want := "from 10.244.2.2 to 10.244.1.2 port 40001: unreachable (3 of 3 attempts) after 900 µs; EHOSTUNREACH; ICMP type 3 code 10 from 10.0.0.13 (n3)"
	if len(e) != 1 || e[0].Node != "n2" || e[0].Source != "TCP pod/n2 → pod/n1, IPv4" || e[0].Text != want {
		t.Errorf("%+v", e)
	}
}

func TestARunThatLeftTheHostsOutJudgesThePods(t *testing.T) {
	const pods, hosts = "pod>api/tls/ipv4@main", "host>api/tls/ipv4@main"
	s := factstest.Healthy(3)
	factstest.Keep(s, pods)
	s.Run.Unprivileged = true
	expect(t, matrix.Judge(s, spec(pods, hosts)), "pass: 3 of 3 pairs answer (TLS; IPv4); hosts were left out by choice (--unprivileged)")
	expect(t, matrix.Judge(s, spec(hosts)),
		"skip: all of it starts or ends at hosts, and this run was asked to leave those out (--unprivileged)")
}
