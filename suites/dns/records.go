package dns

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed records.md
var recordsDoc string

// Records is the check dns/records.
func Records() check.Check {
	return check.Check{
		ID: "dns/records", Promise: "A, AAAA, SRV and PTR records, and a name that does not exist, are answered as the Kubernetes DNS specification says.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: recordsDoc, Ask: askRecords, Evaluate: evaluateRecords,
	}
}

func askRecords(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return asked(scope.OfDNS().Families, facts.ToDNSRecord, []facts.Via{facts.Record}, facts.FromPod)
}

// ofHeadless: the records of the suite's headless Service are the matter of service/headless.
func ofHeadless(t facts.Target) bool { return strings.HasSuffix(t.ID, " headless") }

func evaluateRecords(s *facts.Snapshot) check.Result {
	if r, ok := serviceKnown(s); !ok {
		return r
	}
	flows := askRecords(check.ScopeOf(s))
	var all []answer
	for _, a := range answers(s, flows) {
		if !ofHeadless(a.to) {
			all = append(all, a)
		}
	}
	silence := silentPlaces(all)
	found := recordFindings(s, all, silence)
	findings := append(found.findings, unheard(s, flows, "questions")...)
	judged := len(all) - found.aside
	held := fmt.Sprintf("%s of %s are as the specification says", figures.Grouped(judged-found.wrong), figures.Count(judged, "answer"))
	if found.aside > 0 {
		held += fmt.Sprintf("; %d not judged here: the DNS Service did not answer (see dns/service)", found.aside)
	}
	if judged == 0 {
		return unjudged(held, findings)
	}
	return check.Conclude(held, findings)
}

// unjudged is Unknown, whatever else was found, for the reason of the first
// finding that has one.
func unjudged(why string, findings []check.Finding) check.Result {
	if r := check.Conclude(why, findings); r.Verdict == check.Unknown {
		return r
	}
	r := check.Unknownf("nothing could be judged: %s", why)
	r.Findings = findings
	return r
}

// place is one vantage asking in one flow.
type place struct {
	from facts.Vantage
	flow facts.Flow
}

// silentPlaces are those to which the server answered no question at all.
func silentPlaces(all []answer) map[place]bool {
	silent := map[place]bool{}
	for _, a := range all {
		p := place{a.from, a.flow}
		if _, known := silent[p]; !known {
			silent[p] = true
		}
		silent[p] = silent[p] && !a.replied()
	}
	return silent
}
