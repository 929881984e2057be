package service_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

const sticky = "pod>affinity/sticky/ipv4@main"

// notSticky: the pod of n2 is answered by two backends in turn.
func notSticky(s *facts.Snapshot) {
	factstest.Set(s, sticky, "pod/n2", "affinity", facts.Cell{Outcome: facts.Garbled}, &facts.Detail{
		Met:      []string{"pod/n1", "pod/n3"},
		Attempts: []facts.Attempt{{Outcome: facts.OK, Micros: 300, Peer: "pod/n1"}, {Outcome: facts.Garbled, Micros: 300, Peer: "pod/n3"}},
	})
}

func TestSeveralBackendsForOnePodAreAWarning(t *testing.T) {
	s := factstest.Healthy(3)
	notSticky(s)
	factstest.Expect(t, service.Affinity().Evaluate(s), check.Warn, "2 of 3 pods stay with one backend (repeated TCP connects; IPv4)",
		"1 of 3 pods is answered by several backends in turn: all from n2 (repeated TCP connects; IPv4)")
}

func TestAPodThatReachesNoBackendSaysNothingAboutAffinity(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, sticky, ".", "T", ".")
	factstest.Expect(t, service.Affinity().Evaluate(s), check.Pass,
		"2 of 2 pods stay with one backend (repeated TCP connects; IPv4); 1 not judged here: the Service does not answer them (see service/cluster-ip)")
	factstest.Letters(s, sticky, "T", "T", "T")
	if r := service.Affinity().Evaluate(s); r.Verdict != check.Unknown {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestOneBackendAloneShowsNoAffinity(t *testing.T) {
	if r := service.Affinity().Evaluate(factstest.Healthy(1)); r.Verdict != check.Skip {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}
