package facts

import (
	"errors"
	"fmt"
	"io"

	"github.com/plumbline-net/plumbline/framework/strictjson"
)

// Decode reads facts.json. It is strict: an unknown field, another format and
// facts that contradict themselves are errors that name the place.
func Decode(r io.Reader) (*Snapshot, error) {
	s := new(Snapshot)
	if err := strictjson.Decode(r, s); err != nil {
		return nil, fmt.Errorf("decoding the facts: %w", err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("decoding the facts: %w", err)
	}
	if err := unfold(s); err != nil {
		return nil, fmt.Errorf("decoding the facts: %w", err)
	}
	refusedLocally(s)
	return s, nil
}

// Validate gives all contradictions at once, each with its place; nil where
// there is none.
func (s *Snapshot) Validate() error {
	if s.APIVersion != APIVersion || s.Kind != Kind {
		return fmt.Errorf("apiVersion, kind: %q, %q; this release reads %q, %q", s.APIVersion, s.Kind, APIVersion, Kind)
	}
	var p problems
	p.nodes(s.Nodes)
	p.hosts(s)
	seen := map[Flow]int{}
	for i, m := range s.Matrices {
		at := fmt.Sprintf("matrices[%d]", i)
		if first, ok := seen[m.Flow]; ok {
			p.add(at, "the flow %s stands already at matrices[%d]", m.Flow.Key(), first)
		}
		seen[m.Flow] = i
		p.matrix(at, m)
	}
	if s.PolicyTrial != nil {
		for i, stage := range s.PolicyTrial.Stages {
			for j, m := range stage.Matrices {
				p.matrix(fmt.Sprintf("policyTrial.stages[%d].matrices[%d]", i, j), m)
			}
		}
	}
	for i, f := range s.Cluster.Families {
		if !oneOf(f, IPv4, IPv6) {
			p.add(fmt.Sprintf("cluster.families[%d]", i), "%q is not a family", f)
		}
	}
	return errors.Join(p...)
}

type problems []error

func (p *problems) add(at, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (p *problems) nodes(nodes []Node) {
	seen := map[string]int{}
	for i, n := range nodes {
		at := fmt.Sprintf("nodes[%d].name", i)
		if n.Name == "" {
			p.add(at, "a node without a name")
		}
		if first, ok := seen[n.Name]; ok {
			p.add(at, "%q stands already at nodes[%d]", n.Name, first)
		}
		seen[n.Name] = i
	}
}

func (p *problems) hosts(s *Snapshot) {
	type key struct {
		node string
		look Look
	}
	seen := map[key]int{}
	for i, h := range s.Hosts {
		at := fmt.Sprintf("hosts[%d]", i)
		if !oneOf(h.Look, First, Main, Last) {
			p.add(at+".look", "%q is not a look", h.Look)
		}
		if s.Node(h.Node) == nil {
			p.add(at+".node", "%q is not one of the nodes", h.Node)
		}
		if first, ok := seen[key{h.Node, h.Look}]; ok {
			p.add(at, "the %s look at %s stands already at hosts[%d]", h.Look, h.Node, first)
		}
		seen[key{h.Node, h.Look}] = i
	}
}

func (p *problems) matrix(at string, m Matrix) {
	if !m.Flow.Valid() {
		p.add(at+".flow", "%q is not a flow", m.Flow.Key())
	}
	targets := map[string]int{}
	for i, t := range m.Targets {
		if first, ok := targets[t.ID]; ok {
			p.add(fmt.Sprintf("%s.targets[%d].id", at, i), "%q stands already at targets[%d]", t.ID, first)
		}
		targets[t.ID] = i
	}
	rows := map[Vantage]int{}
	for i, r := range m.Rows {
		at := fmt.Sprintf("%s.rows[%d]", at, i)
		if first, ok := rows[r.From]; ok {
			p.add(at+".from", "%s stands already at rows[%d]", r.From, first)
		}
		rows[r.From] = i
		if r.From.Kind != m.Flow.From {
			p.add(at+".from", "%s in a flow from %s", r.From, m.Flow.From)
		}
		p.row(at, r, len(m.Targets))
	}
}

func (p *problems) row(at string, r Row, targets int) {
	switch {
	case r.NotRun != "" && len(r.Cells) > 0:
		p.add(at, "cells, and notRun says there are none (%s)", r.NotRun)
	case r.NotRun == "" && len(r.Cells) != targets:
		p.add(at+".cells", "%d cells for %d targets", len(r.Cells), targets)
	}
	last := -1
	for i, d := range r.Details {
		at := fmt.Sprintf("%s.details[%d].target", at, i)
		if d.Target < 0 || d.Target >= targets {
			p.add(at, "%d is not one of %d targets", d.Target, targets)
		}
		if d.Target <= last {
			p.add(at, "%d after %d: details are sorted, one a target", d.Target, last)
		}
		last = d.Target
	}
}
