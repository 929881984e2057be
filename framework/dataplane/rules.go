package dataplane

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Tables of every system (linux/rtnetlink.h).
const (
	defaultTable = 253
	localTable   = 255
)

// Step is a rule that a packet meets.
type Step struct {
	facts.Rule
	// Empty: the rule's table has no route at all.
	Empty bool
}

// Usual says whether a rule is one of the three that every system has.
func (s Step) Usual() bool {
	return slices.Contains([]int{mainTable, defaultTable, localTable}, s.Table) && lookups(s.Rule) &&
		!s.Src.IsValid() && !s.Dst.IsValid() && s.IifName == "" && s.OifName == "" && s.Mark == 0 && !s.Not
}

func lookups(r facts.Rule) bool {
	return r.Action == "" || r.Action == "lookup" || r.Action == "to_table"
}

// Walked is how a packet went through the policy rules.
type Walked struct {
	// Passed are the rules that match it, in order, and whose table had no answer.
	Passed []Step
	// By is the rule that decided, where one did.
	By      Step
	Decided bool
}

// Walk sends a question through a host's policy rules as the kernel does
// (ip-rule(8)): in the order of priority, the first whose table has an answer
// decides. A packet of the question has no mark; fields that facts.Rule does not
// hold (ports, user ids) match.
func Walk(h facts.HostLook, q facts.Lookup) Walked {
	var out Walked
	rules := slices.Clone(h.Rules)
	slices.SortStableFunc(rules, func(a, b facts.Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, r := range rules {
		if r.Family != Of(q.Dst) || !Matches(r, q) {
			continue
		}
		step := Step{Rule: r}
		if lookups(r) {
			found := false
			step.Empty = true
			for _, route := range h.Routes {
				if route.Table == r.Table && route.Family == r.Family {
					step.Empty = false
				}
			}
			if best, ok := bestIn(h, r.Table, q.Dst); ok {
				found = best.Type != "throw" && (r.SuppressPrefix == 0 || bitsOf(best) > r.SuppressPrefix-1)
			}
			if !found {
				out.Passed = append(out.Passed, step)
				continue
			}
		} else if r.Action == "goto" || r.Action == "nop" {
			continue
		}
		out.By, out.Decided = step, true
		return out
	}
	return out
}

// Matches says whether a rule's selector holds for the question.
func Matches(r facts.Rule, q facts.Lookup) bool {
	iif := q.Iif
	if iif == "" {
		iif = "lo" // what the host sends itself (ip-rule(8))
	}
	holds := (!r.Src.IsValid() || r.Src.Bits() == 0 || q.Src.IsValid() && r.Src.Contains(q.Src)) &&
		(!r.Dst.IsValid() || r.Dst.Contains(q.Dst)) &&
		(r.IifName == "" || r.IifName == iif) && r.OifName == "" && r.Mark == 0
	return holds != r.Not
}

func bestIn(h facts.HostLook, table int, a netip.Addr) (facts.Route, bool) {
	best, ok := facts.Route{}, false
	for _, r := range h.Routes {
		if r.Table != table || r.Family != Of(a) || r.Dst.IsValid() && !r.Dst.Contains(a) {
			continue
		}
		if !ok || bitsOf(r) > bitsOf(best) {
			best, ok = r, true
		}
	}
	return best, ok
}

func bitsOf(r facts.Route) int {
	if !r.Dst.IsValid() {
		return 0
	}
	return r.Dst.Bits()
}

// RuleText is a rule as ip-rule(8) shows it.
func RuleText(r facts.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", r.Priority)
	if r.Not {
		b.WriteString(" not")
	}
	from := "all"
	if r.Src.IsValid() {
		from = r.Src.String()
	}
	b.WriteString(" from " + from)
	if r.Dst.IsValid() {
		b.WriteString(" to " + r.Dst.String())
	}
	if r.IifName != "" {
		b.WriteString(" iif " + r.IifName)
	}
	if r.OifName != "" {
		b.WriteString(" oif " + r.OifName)
	}
	if r.Mark != 0 {
		fmt.Fprintf(&b, " fwmark %#x", r.Mark)
		if r.Mask != 0 {
			fmt.Fprintf(&b, "/%#x", r.Mask)
		}
	}
	if !lookups(r) {
		b.WriteString(" " + r.Action)
		return b.String()
	}
	fmt.Fprintf(&b, " lookup %d", r.Table)
	if r.SuppressPrefix > 0 {
		fmt.Fprintf(&b, " suppress_prefixlength %d", r.SuppressPrefix-1)
	}
	return b.String()
}
