package matrix_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

const dnsService, nodePort = "pod>dnsService/dns-udp/ipv4@main", "pod>nodePort/tcp/ipv4@main"

func TestEveryNodeButOneIsOneFinding(t *testing.T) {
	for nodes, want := range map[int][]string{
		3: {
			"fail: 1 of 3 pairs answer (DNS over UDP; IPv4)",
			"fail [n2 n3] [every node but n1] 2 of 3 pairs time out: all from every node but n1 (DNS over UDP; IPv4)",
		},
		5: {
			"fail: 1 of 5 pairs answer (DNS over UDP; IPv4)",
			"fail [n2 n3 n4 n5] [every node but n1] 4 of 5 pairs time out: all from every node but n1 (DNS over UDP; IPv4)",
		},
	} {
		s := factstest.Healthy(nodes)
		factstest.Letters(s, dnsService, append([]string{"."}, slices.Repeat([]string{"T"}, nodes-1)...)...)
		expect(t, matrix.Judge(s, spec(dnsService)), want...)
	}
}

func TestManySendersThatFailAlikeAreOneFindingAndOthersTheirOwn(t *testing.T) {
	s := factstest.Healthy(8)
	factstest.Letters(s, dnsService, ".", "T", "T", "T", "R", ".", ".", ".")
	r := matrix.Judge(s, spec(dnsService))
	expect(t, r, "fail: 4 of 8 pairs answer (DNS over UDP; IPv4)",
		"fail [n2 n3 n4] [n2, n3 and n4] 3 of 8 pairs time out: all from n2, n3 and n4 (DNS over UDP; IPv4)",
		"fail [n5] [n5] 1 of 8 pairs is refused: all from n5 (DNS over UDP; IPv4)")
	if n := len(r.Findings[0].Pairs); n != 3 {
		t.Errorf("%d pairs", n)
	}
}

func TestTwoOfManyStayTwoFindings(t *testing.T) {
	s := factstest.Healthy(5)
	factstest.Letters(s, dnsService, ".", "T", "T", ".", ".")
	if r := matrix.Judge(s, spec(dnsService)); len(r.Findings) != 2 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestReplicasStayApartByTheirNames(t *testing.T) {
	const replicas = "pod>dnsReplica/dns-udp/ipv4@main"
	s := factstest.Healthy(8)
	m := s.Matrix(factstest.Flow(replicas))
	for _, n := range []string{"3", "4", "5"} {
		extra := m.Targets[0]
		extra.ID, extra.Node = "dns/coredns-"+n, "n"+n
		m.Targets = append(m.Targets, extra)
	}
	for i := range m.Rows {
		m.Rows[i].Cells = append(m.Rows[i].Cells, slices.Repeat(m.Rows[i].Cells[:1], 3)...)
	}
	factstest.Letters(s, replicas, slices.Repeat([]string{".TTT."}, 8)...)
	r := matrix.Judge(s, spec(replicas))
	var subjects []string
	for _, f := range r.Findings {
		subjects = append(subjects, f.Subject)
	}
	if want := []string{"coredns-2 (n2)", "coredns-3 (n3)", "coredns-4 (n4)"}; !slices.Equal(subjects, want) {
		t.Errorf("%q", subjects)
	}
}

func TestReceiversThatFailAlikeAreOneFinding(t *testing.T) {
	s := factstest.Healthy(5)
	factstest.Letters(s, nodePort, slices.Repeat([]string{".TTT."}, 5)...)
	expect(t, matrix.Judge(s, spec(nodePort)), "fail: 10 of 25 pairs answer (TCP; IPv4)",
		"fail [n2 n3 n4] [n2, n3 and n4] 15 of 25 pairs time out: all to n2, n3 and n4 (TCP; IPv4)")
}
