// Package diagnose finds what stands behind the findings: it joins the evidence
// from the hosts with the shape of the matrices into causes, each with the
// nodes, what was seen, the repair, and the findings it explains. It is pure.
// What no cause explains stays a finding of its own; nothing is hidden.
package diagnose

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Judged is one check with its result.
type Judged struct {
	ID     string
	Result check.Result
}

// cause is one thing that can be wrong with a network: a value, so that all of
// them stand in one list.
type cause struct {
	id     string
	claims func(in *input) []claim
}

// claim is one occurrence of a cause in this cluster.
type claim struct {
	nodes    []string // sorted
	says     string   // without what it explains
	evidence []check.Evidence
	remedy   []check.Remedy
	// cell says whether a cell lies where the cause would show, and leaves whether
	// an outcome is one that the cause can have.
	cell   cellTest
	leaves outcomeTest
	// finding says whether a finding without cells is a consequence, or the
	// mechanism itself.
	finding func(checkID string, f check.Finding) bool
	// open: only the shape of the matrices tells it; no host has shown why.
	open bool
	// must matches cells that cannot come right while the cause stands: where such a
	// cell was observed and is right, the cause predicts wrongly. It is narrower than
	// cell, which is where the cause may show; nil where nothing is sure to break.
	must cellTest
	// proved and grounds are how well it is founded beyond what open says: a counter
	// that moved, an answer that was heard; grounds is one sentence.
	proved  bool
	grounds string
	// parts are those of a packet's way (path.Place.Part) at which it loses packets;
	// empty where it loses none, or where that can be anywhere.
	parts []string
	// heals: it stood at the first look, and the run itself took it away.
	heals bool
	// withholds: what it explains could not be looked at, and so is not known to be broken.
	withholds bool
	// key tells claims of one cause with the same nodes apart; mostly empty.
	key string
}

// causes is the list of all that is known, in the order in which they get to
// look: those with evidence from a host before those that read shapes, and the
// catch-all last, for it takes what the others left.
func causes() []cause {
	out := []cause{
		{duplicateAddress, mechanismOf(duplicateAddress).proven},
		{policyInTheWayID, policyInTheWay},
		{"node-not-ready", nodeNotReady},
		{"node-range-exhausted", nodeRangeExhausted},
		{"kubelet-unreachable", kubeletUnreachable},
		{controlPlaneIdleID, controlPlaneIdle},
		{"agent-not-running", agentNotRunning},
		{"no-forwarding", noForwarding},
		{cniAgentUnwell, pluginAgentGone},
		{"forward-rejected", forwardRejected},
		{"kube-proxy-missing", kubeProxyMissing},
		{"kube-proxy-priority", kubeProxyPriority},
	}
	early, late := proofs()
	out = append(out, cause{bgpDownID, bgpDown})
	out = append(out, early...)
	out = append(out, cause{"vxlan-blocked", vxlanBlocked})
	return append(append(append(out, late...), further()...), cause{"host-check", hostCheck})
}

// proofs are the mechanisms as causes: those that take the tunnel away, which
// the shape of a blocked tunnel must not be taken for, and the others.
func proofs() (early, late []cause) {
	for _, m := range mechanisms() {
		if m.id == duplicateAddress {
			continue
		}
		if m.early {
			early = append(early, cause{m.id, m.proven})
		} else {
			late = append(late, cause{m.id, m.proven})
		}
	}
	return early, late
}

// Diagnosis is what was concluded.
type Diagnosis struct {
	// Causes stand in the order of Order.
	Causes []report.Cause
	// Parts are, by the key of a cause, those of a packet's way (path.Place.Part) at
	// which it loses packets; none where it loses none, or where that can be anywhere.
	Parts map[string][]string
	// Withheld are, by check and place in its result, the failing findings all of whose
	// pairs lie where a cause kept the suite from looking; the value is the cause's key.
	Withheld map[Place]string
	// Open are the failing findings that no cause explains, in the order of the checks.
	Open []Open
}

// Place is a finding's place: its check, and its index there.
type Place struct {
	Check string
	Index int
}

// Open is a failing finding that no cause explains.
type Open struct {
	Check   string
	Finding check.Finding
}

// Diagnose gives the causes behind the findings of all checks.
func Diagnose(s *facts.Snapshot, judged []Judged) []report.Cause { return Find(s, judged).Causes }

// Find gives the causes behind the findings of all checks, and what is left.
func Find(s *facts.Snapshot, judged []Judged) Diagnosis {
	in := newInput(s, judged)
	out := Diagnosis{Causes: []report.Cause{}, Parts: map[string][]string{}, Withheld: map[Place]string{}}
	var claims []claim
	for _, c := range causes() {
		for _, cl := range c.claims(in) {
			if in.onlyWithheld(cl) {
				continue
			}
			concluded := in.conclude(c.id, cl)
			if cl.withholds {
				in.withhold(&concluded, cl, out.Withheld)
			}
			out.Causes, claims = append(out.Causes, concluded), append(claims, cl)
			out.Parts[concluded.Key] = cl.parts
		}
	}
	in.leaveOpen(out.Causes, claims)
	Order(out.Causes)
	out.Open = in.open()
	return out
}

func (in *input) conclude(id string, cl claim) report.Cause {
	x := in.explain(cl)
	key := id + "/" + strings.Join(cl.nodes, ",")
	if cl.key != "" {
		key = id + "/" + cl.key
	}
	c := report.Cause{
		ID: id, Key: key, Nodes: cl.nodes, Says: cl.says,
		Evidence: cl.evidence, Remedy: cl.remedy, Explains: x.by, Verdict: x.verdict,
	}
	if x.red > 0 {
		c.Says += "; it explains " + share(x.red, len(in.red)) + " red pairs"
	}
	in.weigh(&c, cl, x.red)
	c.Nodes, c.Evidence, c.Remedy = filled(c.Nodes), filled(c.Evidence), filled(c.Remedy)
	return c
}

// filled makes an empty list of none: a report has no null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// explanation is what a claim stands behind.
type explanation struct {
	by      []report.Explained
	red     int           // cells
	verdict check.Verdict // of the heaviest finding
}

// explain attaches findings to a claim and counts the red cells among them.
func (in *input) explain(cl claim) explanation {
	x := explanation{by: []report.Explained{}, verdict: check.Pass}
	cells := map[cellID]bool{}
	for _, j := range in.judged {
		e := report.Explained{Check: j.ID}
		for i, f := range j.Result.Findings {
			if !counts(f) {
				continue
			}
			e.Of++
			pairs, explained := in.covers(cl, j.ID, f)
			if !explained {
				continue
			}
			e.Findings++
			e.Pairs += len(pairs)
			in.explained[findingID{j.ID, i}] = true
			if f.Verdict.Weight() > x.verdict.Weight() {
				x.verdict = f.Verdict
			}
			for _, p := range pairs {
				if in.red[p] {
					cells[p], in.covered[p] = true, true
				}
			}
		}
		if e.Findings > 0 {
			x.by = append(x.by, e)
		}
	}
	if len(x.by) == 0 {
		x.verdict = check.Unknown // it stands behind nothing that was judged
	}
	x.red = len(cells)
	return x
}

// covers says which of a finding's cells a claim stands behind, and whether the
// finding belongs to it at all.
func (in *input) covers(cl claim, id string, f check.Finding) ([]cellID, bool) {
	if id == nodeChanged && len(f.Pairs) > 0 && !cl.heals && in.healedElsewhere(f) {
		return nil, false // what stood before and after is not why it changed
	}
	var pairs []cellID
	for _, p := range f.Pairs {
		at := cellOf(f, p)
		s, known := in.place(at)
		if known && cl.cell != nil && cl.cell(s.flow, s.from, s.to) && cl.leaves(s.flow, s.cell) {
			pairs = append(pairs, at)
		}
	}
	if len(pairs) > 0 {
		return pairs, true
	}
	return nil, cl.finding != nil && cl.finding(id, f) || in.startsLate(cl, id, f) || ownsChains(cl, id, f)
}

// counts says whether a finding wants an explanation. Warnings do, too.
func counts(f check.Finding) bool {
	return f.Verdict == check.Fail || f.Verdict == check.Warn || f.Verdict == check.Unknown
}
