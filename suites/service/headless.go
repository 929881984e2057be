package service

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed headless.md
var headlessDoc string

// Headless is the check service/headless.
func Headless() check.Check {
	return check.Check{
		ID: "service/headless", Promise: "The name of a headless Service resolves, in every pod, to the addresses of all its backends and of nothing else.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: headlessDoc,
		Services: []string{facts.KindHeadless}, Ask: askHeadless, Evaluate: evaluateHeadless,
	}
}

func askHeadless(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return flows(scope.OfDNS(), facts.Main, facts.ToDNSRecord, []facts.Via{facts.Record}, facts.FromPod)
}

func evaluateHeadless(s *facts.Snapshot) check.Result {
	service := s.FurtherService(facts.KindHeadless)
	switch {
	case len(s.Cluster.DNS) == 0:
		return check.Unknownf("the cluster DNS Service is not known, so no name could be asked")
	case service != nil && service.NotRun != "":
		return check.Unknownf("there is no headless Service: %s", service.NotRun)
	}
	asked := ofHeadless(s, askHeadless(check.ScopeOf(s)))
	return matrix.Judge(asked, matrix.Spec{
		Flows: askHeadless(check.ScopeOf(s)), Rule: headlessRule, Noun: "pairs of pod and question", Holds: "resolve to all backends", Remedy: headlessRemedy(s),
	})
}

// ofHeadless is the snapshot with those questions alone that are about the
// headless Service: the others are dns/records' matter.
func ofHeadless(s *facts.Snapshot, flows []facts.Flow) *facts.Snapshot {
	out := *s
	out.Matrices = nil
	for _, f := range flows {
		if m := s.Matrix(f); m != nil {
			out.Matrices = append(out.Matrices, headlessOf(*m))
		}
	}
	return &out
}

func headlessOf(m facts.Matrix) facts.Matrix {
	at := map[int]int{} // the old place of a question to its new one
	all := m.Targets
	m.Targets = nil
	for i, t := range all {
		if strings.HasSuffix(t.ID, " "+facts.KindHeadless) {
			at[i] = len(m.Targets)
			m.Targets = append(m.Targets, t)
		}
	}
	if len(m.Targets) == 0 && m.NotRun == "" {
		m.NotRun = "no question about a headless Service was asked"
	}
	rows := m.Rows
	m.Rows = nil
	for _, r := range rows {
		if r.NotRun == "" && len(r.Cells) == len(all) {
			r.Cells, r.Details = kept(r, at)
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

// kept are the cells and records of a row whose place is in at.
func kept(r facts.Row, at map[int]int) (facts.Cells, []facts.Detail) {
	cells := make(facts.Cells, len(at))
	for from, to := range at {
		cells[to] = r.Cells[from]
	}
	var details []facts.Detail
	for _, d := range r.Details {
		if to, ok := at[d.Target]; ok {
			d.Target = to
			details = append(details, d)
		}
	}
	slices.SortFunc(details, func(a, b facts.Detail) int { return a.Target - b.Target })
	return cells, details
}

// headlessRule: only an answer can be wrong here; silence is dns/service's matter.
func headlessRule(c matrix.Cell) matrix.Ruling {
	told := c.Last()
	switch {
	case c.Answer.Outcome == facts.OK:
		return matrix.Ruling{Standing: matrix.Right}
	case c.Answer.Outcome == facts.NotRun:
		return matrix.Outcome(facts.NotRun)
	case told.RCode == "" && len(told.Answers) == 0 && c.Answer.Outcome != facts.Garbled:
		return matrix.Ruling{Standing: matrix.Aside, Why: "the DNS Service gave no answer (see dns/service)"}
	case len(told.Answers) > 0:
		return matrix.Failing("gets other addresses than those of the backends", "get other addresses than those of the backends")
	}
	return matrix.Failing("gets no address", "get no address")
}

func headlessRemedy(s *facts.Snapshot) func(matrix.Place) []check.Remedy {
	var replicas []string
	for _, p := range s.Cluster.DNSPods {
		if len(p.Addrs) > 0 {
			replicas = append(replicas, p.Addrs[0].String())
		}
	}
	return func(p matrix.Place) []check.Remedy { return headlessSteps(remedies.DNS(s), p, replicas) }
}

func headlessSteps(dns remedies.ClusterDNS, p matrix.Place, replicas []string) []check.Remedy {
	c := p.Examples[0]
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Do the endpoints of the Service hold all its ready pods? (in any namespace with a headless Service; this one is removed after the run)",
			Command: "kubectl get services -A --field-selector spec.clusterIP=None; kubectl get endpointslices -A -o wide",
		},
		{
			Purpose: check.Find,
			Text:    "Is the cluster DNS current? Its log tells when its watch of the API server fails; RBAC must let it list EndpointSlices",
			Command: dns.Logs(40) + "; " + dns.MayList(),
		},
		{
			Purpose: check.Find,
			Text:    "Do the replicas answer alike? Ask each by its own address (while a run is under way, or for a headless Service of yours)", Node: firstOf(p.Node(), c.From.Node),
			Command: fmt.Sprintf("for ip in %s; do dig +short @$ip %s %s; done", strings.Join(replicas, " "), c.To.Name, c.To.Type),
		},
		{
			Text:    "Let the replicas be recreated, so that they read the cluster's endpoints again",
			Command: dns.Rollout("restart"),
		},
		remedies.Again("service/headless", "dns/records"),
	}
}
