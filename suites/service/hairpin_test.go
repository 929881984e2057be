package service_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// hairpinOff: on n2 the port of the probe pod is not in hairpin mode.
func hairpinOff(s *facts.Snapshot) {
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "pod>hairpin/"+via+"/ipv4@main", ".", "T", ".")
	}
	h := s.Host("n2", facts.Last)
	for _, name := range []string{"veth1a", "veth2b"} {
		h.Interfaces = append(h.Interfaces, facts.Interface{Name: name, Kind: "veth", Master: "cni0", Up: true, MTU: 1450, HairpinOff: true})
	}
	h.FDB = append(h.FDB, facts.FDBEntry{MAC: s.Node("n2").PodAgent.MAC, Dev: "veth2b"})
}

func TestAPodThatDoesNotReachItselfIsToldWithItsBridgePort(t *testing.T) {
	s := factstest.Healthy(3)
	hairpinOff(s)
	r := service.Hairpin().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "2 of 3 pods that ask their own Service are answered by themselves (TCP and UDP; IPv4)",
		"1 of 3 pods that ask their own Service times out: all from n2 (TCP and UDP; IPv4)")
	f := r.Findings[0]
	if e := f.Evidence[len(f.Evidence)-1]; e.Node != "n2" || e.Text != "hairpin off on veth2b" {
		t.Errorf("%+v", e)
	}
	if m := repairOf(f); m.Node != "n2" || m.Command != "bridge link set dev veth2b hairpin on" {
		t.Errorf("%+v", m)
	}
}

func TestHairpinThatFailsEverywhereIsOneFinding(t *testing.T) {
	s := factstest.Healthy(10)
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "pod>hairpin/"+via+"/ipv4@main", strings.Split(strings.Repeat("T ", 9)+"T", " ")...)
	}
	r := service.Hairpin().Evaluate(s)
	if len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].Says, "10 of 10 pods that ask their own Service time out") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestAPodWithoutAnyServiceIsSentToItsDataPlaneFirst(t *testing.T) {
	s := factstest.Healthy(3)
	hairpinOff(s)
	stale(s)
	factstest.Letters(s, podTCP, ".", "T", ".")
	if m := service.Hairpin().Evaluate(s).Findings[0].Remedy[0]; !strings.Contains(m.Text, "service/cluster-ip") {
		t.Errorf("%+v", m)
	}
}

func TestWithoutALookThereIsNoEvidenceOfPortsAndTheVerdictStands(t *testing.T) {
	s := factstest.Healthy(3)
	hairpinOff(s)
	s.Run.Unprivileged, s.Hosts = true, nil
	r := service.Hairpin().Evaluate(s)
	if r.Verdict != check.Fail || len(r.Findings[0].Evidence) != 1 || !strings.Contains(repairOf(r.Findings[0]).Command, "for p in $(ls -d /sys/class/net/*/brport") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

// repairOf is the first step of the repair itself.
func repairOf(f check.Finding) check.Remedy {
	for _, m := range f.Remedy {
		if m.Purpose == check.Repair {
			return m
		}
	}
	return check.Remedy{}
}
