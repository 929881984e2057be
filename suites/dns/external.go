package dns

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed external.md
var externalDoc string

// External is the check dns/external.
func External() check.Check {
	return check.Check{
		ID: "dns/external", Promise: "The external names of the configuration resolve through the cluster DNS, from every pod and every host.",
		Level: check.OptIn, Needs: []check.Need{check.NeedPods, check.NeedConfig}, Doc: externalDoc, Ask: askExternal, Evaluate: evaluateExternal,
		Looks: []facts.Look{facts.First}, // the hosts' resolvers are read there
	}
}

// askExternal asks the cluster DNS for the names, the hosts' resolvers past it,
// and the cluster DNS for a name of its own, so that the three can be told apart.
func askExternal(scope check.Scope) []facts.Flow {
	if len(scope.Config.ExternalNames) == 0 {
		return nil
	}
	return slices.Concat(askNames(scope), askUpstream(scope), askOwn(scope))
}

func askNames(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return asked(scope.OfDNS().Families, facts.ToDNSExternal, []facts.Via{facts.Record}, facts.FromPod, facts.FromHost)
}

func askUpstream(scope check.Scope) []facts.Flow {
	return asked(scope.Families, facts.ToDNSUpstream, []facts.Via{facts.Record}, facts.FromHost)
}

func askOwn(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return asked(scope.OfDNS().Families, facts.ToDNSService, []facts.Via{facts.DNSUDP}, facts.FromPod, facts.FromHost)
}

func evaluateExternal(s *facts.Snapshot) check.Result {
	names := s.Configured().ExternalNames
	if r, ok := serviceKnown(s); !ok {
		return r
	}
	if len(names) == 0 {
		return check.Skipf("the configuration names no external name (externalNames)")
	}
	scope := check.ScopeOf(s)
	flows := askNames(scope)
	upstream, own := answers(s, askUpstream(scope)), answers(s, askOwn(scope))
	var findings []check.Finding
	good, judged := 0, 0
	for _, name := range names {
		t := trial{s: s, name: name, own: own}
		for _, a := range answers(s, flows) {
			if a.to.ID == "name/"+name {
				t.asked = append(t.asked, a)
			}
		}
		for _, a := range upstream {
			if a.to.Name == t.question() && !asksItself(s, []netip.Addr{a.to.Addr}) { // a host may ask the cluster DNS
				t.upstream = append(t.upstream, a)
			}
		}
		judged += len(t.asked)
		good += len(t.asked) - len(t.failing())
		findings = append(findings, t.findings()...)
	}
	findings = append(findings, unheard(s, flows, "places")...)
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	held := fmt.Sprintf("%s of %s for %s resolve through the cluster DNS", figures.Grouped(good), figures.Count(judged, "question"),
		figures.Count(len(names), "external name"))
	if judged == 0 {
		return unjudged(held, findings)
	}
	return check.Conclude(held, findings)
}
