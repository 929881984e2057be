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

const records = "pod>dnsRecord/record/ipv4@main"

func record(s *facts.Snapshot, from, target, rcode string, o facts.Outcome, answers ...string) {
	factstest.Set(s, records, from, target, facts.Cell{Outcome: o}, &facts.Detail{Attempts: []facts.Attempt{{
		Outcome: o, Micros: 400, RCode: rcode, Answers: answers,
	}}})
}

// oneAddressMissing: every pod gets two of the three addresses.
func oneAddressMissing(s *facts.Snapshot) {
	for _, n := range s.Nodes {
		record(s, "pod/"+n.Name, "record/A headless", "NOERROR", facts.Garbled, "10.244.1.2", "10.244.3.2")
	}
}

func TestAnAddressThatIsMissingIsShownWithTheRightAnswer(t *testing.T) {
	s := factstest.Healthy(3)
	oneAddressMissing(s)
	r := service.Headless().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "3 of 6 pairs of pod and question resolve to all backends (DNS question; IPv4)",
		"3 of 6 pairs of pod and question get other addresses than those of the backends: all to A headless (DNS question; IPv4)")
	e := r.Findings[0].Evidence[0].Text
	for _, want := range []string{"the answer holds 10.244.1.2 and 10.244.3.2", "right is 10.244.1.2, 10.244.2.2 and 10.244.3.2"} {
		if !strings.Contains(e, want) {
			t.Errorf("%q lacks %q", e, want)
		}
	}
}

func TestANameThatIsNotThereIsToldFromOneWithWrongAnswers(t *testing.T) {
	s := factstest.Healthy(3)
	record(s, "pod/n2", "record/A headless", "NXDOMAIN", facts.Garbled)
	r := service.Headless().Evaluate(s)
	if r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "gets no address") || !strings.Contains(r.Findings[0].Evidence[0].Text, "DNS says NXDOMAIN") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestSilenceOfTheDNSServiceIsSetAside(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Set(s, records, "pod/n2", "record/A headless", facts.Cell{Outcome: facts.Timeout}, &facts.Detail{Attempts: []facts.Attempt{{Outcome: facts.Timeout}}})
	if r := service.Headless().Evaluate(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "1 not judged here: the DNS Service gave no answer (see dns/service)") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestOtherQuestionsAreNotJudgedHere(t *testing.T) {
	s := factstest.Healthy(3)
	record(s, "pod/n2", "record/A kubernetes", "NXDOMAIN", facts.Garbled)
	if r := service.Headless().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("%+v", r.Findings)
	}
}

func TestWithoutDNSOrServiceNothingIsKnown(t *testing.T) {
	noDNS, noService, notMade := factstest.Healthy(2), factstest.Healthy(2), factstest.Healthy(2)
	noDNS.Cluster.DNS = []netip.AddrPort{}
	noService.Further = nil
	m := noService.Matrix(factstest.Flow(records))
	m.Targets = m.Targets[:1]
	for i := range m.Rows {
		m.Rows[i].Cells = m.Rows[i].Cells[:1]
	}
	*notMade.FurtherService(facts.KindHeadless) = facts.Service{Kind: facts.KindHeadless, NotRun: "creating the Service: forbidden"}
	for want, s := range map[string]*facts.Snapshot{"DNS Service is not known": noDNS, "no question about a headless Service": noService, "forbidden": notMade} {
		if r := service.Headless().Evaluate(s); r.Verdict != check.Unknown || !strings.Contains(r.Why, want) {
			t.Errorf("%s: %s: %s", want, r.Verdict, r.Why)
		}
	}
}
