package service

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

//go:embed programmed.md
var programmedDoc string

// Programmed is the check service/programmed.
func Programmed() check.Check {
	return check.Check{
		ID:      "service/programmed",
		Promise: "On every node the data plane leads from each Service to its ready endpoints, completely and currently.",
		Level:   check.Core, Needs: []check.Need{check.NeedHostRead}, Doc: programmedDoc,
		Looks: []facts.Look{facts.First, facts.Last}, Evaluate: programmed,
	}
}

func programmed(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	switch {
	case len(nodes) == 0:
		return check.Unknownf("no node was looked at")
	case recognise.ProxyMode(s) == recognise.ReplacedMode:
		return check.Skipf("%s serves the Services in kube-proxy's place; how it programs them is its own matter", orUnknown(s.Cluster.CNI, "the network plugin"))
	case len(s.Cluster.Services) == 0:
		return check.Unknownf("no Service of the cluster is known")
	}
	var findings []check.Finding
	served := 0
	for _, n := range nodes {
		w := planeWalk{snapshot: s, node: n, read: map[string]planeRead{}}
		findings = joined(findings, w.findings())
		served = max(served, w.ports)
	}
	if served == 0 && len(findings) == 0 {
		return check.Unknownf("no Service that is known has a ready endpoint, so there is nothing to be programmed")
	}
	return check.Conclude(fmt.Sprintf("on %d of %s every link from %s to their endpoints is programmed",
		check.Clean(nodes, findings), figures.Count(len(nodes), "node"), figures.Count(served, "Service port")), findings)
}

func orUnknown(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}

// joined adds findings of a node; the same said of several nodes is one finding.
func joined(list, more []check.Finding) []check.Finding {
	for _, f := range more {
		i := slices.IndexFunc(list, func(g check.Finding) bool { return g.Verdict == f.Verdict && g.Says == f.Says })
		if i < 0 {
			list = append(list, f)
			continue
		}
		g := &list[i]
		g.Nodes = append(g.Nodes, f.Nodes...)
		slices.Sort(g.Nodes)
		g.Subject += ", " + f.Subject
		g.Evidence = append(g.Evidence, f.Evidence...)
	}
	return list
}

// planeWalk compares what one node has programmed with the Services.
type planeWalk struct {
	snapshot *facts.Snapshot
	node     facts.Node
	ports    int // Service ports that have a ready endpoint
	read     map[string]planeRead
}

// planeRead is a data plane that was read once, because dumps are long.
type planeRead struct {
	plane   plane
	missing string
}

func (w *planeWalk) plane(look facts.Look, f facts.Family) (plane, string) {
	key := string(look) + string(f)
	r, known := w.read[key]
	if !known {
		r.plane, r.missing = w.planeAt(look, f)
		w.read[key] = r
	}
	return r.plane, r.missing
}

// gap is one missing or wrong link.
type gap struct {
	text string
	// addr is what to look for in the data plane.
	addr string
	// partial: an endpoint too many or too few, which may have changed since the Services were listed.
	partial bool
}

func (w *planeWalk) findings() []check.Finding {
	existing, own := split(w.snapshot.Cluster.Services)
	first, firstUnknown := w.gaps(facts.First, existing)
	last, lastUnknown := w.gaps(facts.Last, existing)
	ours, oursUnknown := w.gaps(facts.Last, own)
	lastUnknown = orUnknown(lastUnknown, oursUnknown)
	both := firstUnknown == "" && lastUnknown == ""
	for _, f := range w.snapshot.Cluster.Families {
		w.ports += len(w.wanted(w.snapshot.Cluster.Services, f))
	}
	var out []check.Finding
	if report := assemble(first, last, ours, both); len(report) > 0 {
		out = append(out, w.broken(report))
	}
	for _, why := range slices.Compact([]string{firstUnknown, lastUnknown}) {
		if why != "" {
			out = append(out, check.Finding{
				Subject: w.node.Name, Nodes: []string{w.node.Name}, Verdict: check.Unknown, Says: "what its data plane holds is not known: " + why,
			})
		}
	}
	return out
}

func split(all []facts.ClusterService) (existing, own []facts.ClusterService) {
	for _, svc := range all {
		if svc.Own {
			own = append(own, svc)
		} else {
			existing = append(existing, svc)
		}
	}
	return existing, own
}

// gaps are the broken links of some Services at one look; unknown says why they cannot be told.
func (w *planeWalk) gaps(look facts.Look, services []facts.ClusterService) (out []gap, unknown string) {
	for _, f := range w.snapshot.Cluster.Families {
		wanted := w.wanted(services, f)
		if len(wanted) == 0 {
			continue
		}
		p, missing := w.plane(look, f)
		if missing != "" {
			return nil, missing
		}
		out = append(out, p.entrance(wanted)...)
		for _, want := range wanted {
			out = append(out, p.follow(want)...)
		}
	}
	return out, ""
}
