package diagnose

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// growth is a counter that moved between the first and the last look.
type growth struct {
	node, what string
	by         int
	rule       bool
}

func (g growth) says() string {
	if g.rule {
		return fmt.Sprintf("the rule's counter grew by %s while the suite probed", figures.Count(g.by, "packet"))
	}
	return fmt.Sprintf("%s of %s grew by %s while the suite probed", g.what, g.node, figures.Grouped(g.by))
}

// grownPattern reads a counter at both looks, as evidence tells it: "8 → 2804" of a
// host's counter, "…; counter 61 → 5009" of a rule.
var grownPattern = regexp.MustCompile(`^(\d+) → (\d+)$|; counter (\d+) → (\d+)$`)

// hostCounter begins the source of evidence that is a host's counter.
const hostCounter = "counter "

// growthOf reads a counter that grew out of a piece of evidence.
func growthOf(e check.Evidence) (growth, bool) {
	m := grownPattern.FindStringSubmatch(e.Text)
	if m == nil {
		return growth{}, false
	}
	g := growth{node: e.Node, rule: m[1] == ""}
	if !g.rule && !strings.HasPrefix(e.Source, hostCounter) {
		return growth{}, false
	}
	before, err1 := strconv.Atoi(m[1] + m[3])
	after, err2 := strconv.Atoi(m[2] + m[4])
	g.by = after - before
	g.what, _, _ = strings.Cut(strings.TrimPrefix(e.Source, hostCounter), " (")
	return g, err1 == nil && err2 == nil && g.by > 0
}

// grown is the largest growth of a counter that speaks of a claim: one that its own
// evidence holds, or that of the very rule it names.
func (in *input) grown(cl claim) (growth, bool) {
	var best growth
	take := func(e check.Evidence) {
		if g, ok := growthOf(e); ok && g.by > best.by {
			best = g
		}
	}
	for _, e := range cl.evidence {
		take(e)
	}
	for _, f := range in.found(firewallDrops, check.Fail, check.Warn) {
		for _, e := range f.Evidence {
			if sameRuleAsAny(e, cl.evidence) {
				take(e)
			}
		}
	}
	return best, best.by > 0
}

// sameRuleAsAny says whether evidence is about a rule of which other evidence speaks.
func sameRuleAsAny(e check.Evidence, others []check.Evidence) bool {
	for _, o := range others {
		if sameRule(e, o) {
			return true
		}
	}
	return false
}

// chainPattern finds the chain in the place of a rule; its position may have changed
// between two looks, and so does not count.
var chainPattern = regexp.MustCompile(`chain (\S+?)(?:,|$)`)

// sameRule compares the node, the chain and the text of two rules, or policies.
func sameRule(a, b check.Evidence) bool {
	x, y := chainPattern.FindStringSubmatch(a.Source), chainPattern.FindStringSubmatch(b.Source)
	return a.Node == b.Node && x != nil && y != nil && x[1] == y[1] && ruleText(a.Text) == ruleText(b.Text)
}

// ruleText is the rule without what was counted or concluded about it.
func ruleText(text string) string {
	if i := strings.LastIndex(text, "; counter "); i >= 0 {
		text = text[:i]
	}
	if strings.HasPrefix(text, "policy DROP") {
		return "policy DROP"
	}
	return text
}

// speaksOf says whether a finding about a rule is about one that evidence names.
func speaksOf(f check.Finding, evidence []check.Evidence) bool {
	for _, e := range f.Evidence {
		if sameRuleAsAny(e, evidence) {
			return true
		}
	}
	return false
}
