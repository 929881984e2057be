package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed forward.md
var forwardDoc string

// Forward promises that no packet filter of a node stops what goes from pod to pod.
func Forward() check.Check {
	return check.Check{
		ID:       "firewall/forward",
		Promise:  "No firewall rule or policy stops forwarded pod traffic before it is accepted.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      forwardDoc,
		Evaluate: forward,
	}
}

func forward(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	possible, walked, ranges := 0, 0, rangesOf(s)
	for _, n := range nodes {
		w := nodeWalk{snapshot: s, node: n, ranges: ranges}
		for _, look := range []facts.Look{facts.First, facts.Last} {
			w.walk(look)
		}
		for _, f := range w.findings() {
			findings = merged(findings, f)
		}
		walked += w.packets
		if len(w.stops) == 0 && w.possible > 0 {
			possible++
		}
	}
	if walked == 0 && len(findings) == 0 {
		return check.Unknownf("no node's pod addresses are known, so no packet could be followed")
	}
	held := fmt.Sprintf("on %d of %s no rule is certain to stop pod traffic", check.Clean(nodes, findings), figures.Count(len(nodes), "node"))
	if possible > 0 {
		held += fmt.Sprintf("; on %d of them rules that depend on a port, a set or a rate may stop some of it", possible)
	}
	return check.Conclude(held, findings)
}

// stopped is one rule or policy that stops packets, with all it was seen to stop.
type stopped struct {
	place
	looks     []facts.Look
	protocols []string
	families  []facts.Family
	outwards  bool // from this node's pods
	inwards   bool
	peers     []string
	breaks
}

func (s *stopped) add(look facts.Look, p probe) {
	s.looks = withWord(s.looks, look)
	s.protocols = withWord(s.protocols, p.Protocol)
	s.families = withWord(s.families, p.Family)
	s.outwards, s.inwards = s.outwards || p.outwards, s.inwards || !p.outwards
	for _, peer := range p.peers {
		s.peers = withWord(s.peers, peer.Name)
	}
	if look == facts.Last {
		s.cases = append(s.cases, ofForward(p))
	}
}

func withWord[T comparable](list []T, word T) []T {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}
