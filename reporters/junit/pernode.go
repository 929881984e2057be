package junit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	// bareCase is what a case costs in bytes beside its name and area.
	bareCase = 80
	// maxBare is what cases without a body may take; a cluster in which they would
	// take more has one case a check for all nodes that no finding names.
	maxBare = maxFile / 2
	// maxNamed is how many cases may be about nodes that findings name.
	maxNamed = 500
	// outcomeCost is an upper bound of an outcome's bytes beside its body.
	outcomeCost = 512
)

// split is a check taken apart by node.
type split struct {
	check report.Check
	// named has the findings of each node that one names.
	named map[string][]check.Finding
	// rest are findings that stand on the case without a node.
	rest []check.Finding
	// alone: the case without a node says something that no case of a node does.
	alone bool
}

// nodeCase is one case before it is written.
type nodeCase struct {
	check report.Check
	node  string // "" for what is tied to no node
	bare  bool   // it passed, and has nothing to print
}

// plan is every case of every check, in the order of the checks; of each the case
// without a node comes first, then its nodes by name.
func plan(r *report.Report) [][]nodeCase {
	var tested []string
	for _, n := range r.Nodes {
		if n.Tested() {
			tested = append(tested, n.Name)
		}
	}
	splits, named, bare := make([]split, 0, len(r.Checks)), 0, 0
	for _, c := range r.Checks {
		s := splitOf(c)
		splits, named = append(splits, s), named+len(s.named)
		for _, n := range tested {
			bare += bareCase + len(c.ID) + len(c.Promise) + len(c.Area) + len(n)
		}
	}
	out := make([][]nodeCase, 0, len(splits))
	for _, s := range splits {
		if named > maxNamed {
			s.keep(maxNamed / len(splits))
		}
		out = append(out, s.cases(r, tested, bare > maxBare || len(tested) == 0))
	}
	return out
}

func splitOf(c report.Check) split {
	s := split{check: c, named: map[string][]check.Finding{}}
	for _, f := range c.Findings {
		for _, n := range f.Nodes {
			s.named[n] = append(s.named[n], f)
		}
		if len(f.Nodes) == 0 {
			s.rest = append(s.rest, f)
		}
	}
	s.alone = len(s.rest) > 0 || c.Retried || len(c.Findings) == 0 && c.Verdict != check.Pass
	return s
}

// keep leaves the worst n nodes cases of their own; what is found at the others
// stands on the case without a node.
func (s *split) keep(n int) {
	names := slices.SortedFunc(maps.Keys(s.named), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(s.named[a]), rank(s.named[b])), cmp.Compare(a, b))
	})
	if len(names) <= n {
		return
	}
	for _, name := range names[n:] {
		delete(s.named, name)
	}
	s.rest, s.alone = nil, true
	for _, f := range s.check.Findings {
		if !slices.ContainsFunc(f.Nodes, func(n string) bool { return s.named[n] != nil }) {
			s.rest = append(s.rest, f)
		}
	}
}

// cases: where the cases of nodes that no finding names are folded, the one
// without a node stands for them.
func (s *split) cases(r *report.Report, tested []string, folded bool) []nodeCase {
	var out []nodeCase
	if s.alone || folded {
		c := s.of(s.rest)
		if len(s.check.Findings) == 0 {
			c = s.check
		}
		out = append(out, nodeCase{check: c, bare: !s.alone})
	}
	if len(s.check.Findings) == 0 && s.check.Verdict != check.Pass {
		return out // nothing is known of any node
	}
	nodes := slices.Collect(maps.Keys(s.named))
	if !folded {
		nodes = append(nodes, tested...)
	}
	slices.Sort(nodes)
	for _, n := range slices.Compact(nodes) {
		c := s.of(s.named[n])
		c.Causes = causesAt(r, c, n)
		out = append(out, nodeCase{check: c, node: n, bare: len(s.named[n]) == 0})
	}
	return out
}

// of is the check as far as some of its findings go.
func (s *split) of(findings []check.Finding) report.Check {
	c := s.check
	c.Findings, c.Verdict, c.Retried = findings, weigh(findings), false
	if c.Verdict == check.Unknown {
		c.Why = findings[slices.IndexFunc(findings, func(f check.Finding) bool { return f.Verdict == check.Unknown })].Says
	} else if s.check.Verdict != c.Verdict {
		c.Why = figures.Count(len(findings), "finding")
	}
	return c
}

// weigh is the verdict that findings come to, as for a whole check.
func weigh(findings []check.Finding) check.Verdict { return check.Conclude("", findings).Verdict }

// rank is lower where findings weigh more.
func rank(findings []check.Finding) int {
	return slices.Index([]check.Verdict{check.Fail, check.Unknown, check.Warn}, weigh(findings))
}

// causesAt are the causes that name the node; where none does, all that explain
// the check.
func causesAt(r *report.Report, c report.Check, node string) []string {
	var at []string
	for _, cause := range r.CausesOf(c) {
		if slices.Contains(cause.Nodes, node) {
			at = append(at, cause.Key)
		}
	}
	if len(at) == 0 {
		return c.Causes
	}
	return at
}

// bodies is what one body may take so that all of them fit into the file.
func bodies(planned [][]nodeCase) int {
	bare, full := 0, 4 // the suite of the run has bodies, too
	for _, cases := range planned {
		for _, c := range cases {
			bare += bareCase + len(c.check.ID) + len(c.check.Promise) + len(c.check.Area) + len(c.node)
			if !c.bare {
				full++
			}
		}
	}
	return max(min(maxBody, (maxFile-bare)/full-outcomeCost), 256)
}

// perNode are the areas with a case for each check and node. A check's time is
// that of its longest row, for all nodes are probed at once; it counts once.
func (b builder) perNode() []testsuite {
	planned := plan(b.report)
	b.budget = bodies(planned)
	areas := areas{builder: b}
	for _, cases := range planned {
		for i, c := range cases {
			t := b.checked(c.check)
			if c.node != "" {
				t.Name = attribute(fmt.Sprintf("%s %s [%s]", c.check.ID, c.check.Promise, c.node))
			}
			if c.bare {
				t.SystemOut = nil
			}
			millis := 0
			if i == 0 {
				millis = c.check.Millis
			}
			areas.add(c.check.Area, t, millis)
		}
	}
	return areas.suites
}
