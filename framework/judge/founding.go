package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// foundedBy says what a flow that was sent again tells of its cause. Where packets
// vanish at one of the cause's nodes, at a part of the way where it takes them or
// with the kernel's or a rule's word for it, that is a proof; where they vanish at
// another node, that speaks against it, unless another cause lies there: of two
// faults on one way the first takes the packets. What another cause at the same
// place may have taken proves neither.
func foundedBy(c *report.Cause, t report.Trace, d diagnose.Diagnosis) {
	v, parts := t.Path.Verdict, d.Parts[c.Key]
	what, lost := fate(v.Outcome)
	switch {
	case v.Outcome == path.Whole && at(v.Blames, c.Nodes, parts) && len(v.Because) > 0:
		prove(c, "a flow that was sent again shows it: "+v.Because[0].Text)
	case !lost, contested(v, c, d), namesAnotherRule(v, c):
	case at(v.Place, c.Nodes, parts), at(v.Blames, c.Nodes, parts), touches(v.Place, c.Nodes) && said(v, c.Nodes) != "":
		grounds := fmt.Sprintf("a flow that was sent again %s %s", what, placed(v.Place))
		switch why := cmp.Or(saidOfOwn(v, c), said(v, c.Nodes)); {
		case !touches(v.Place, c.Nodes) && len(v.Because) > 0: // the reason lies there, the place does not
			grounds += ": " + v.Because[0].Text
		case why != "":
			grounds += ": " + why
		}
		prove(c, grounds)
	case len(parts) > 0 && len(c.Nodes) > 0 && elsewhere(v.Place, c) && (v.Blames.Stage == "" || elsewhere(v.Blames, c)) && !anothers(v.Place, c.Key, d.Causes):
		c.Against = append(c.Against, fmt.Sprintf("a flow that was sent again %s %s, not at %s", what, placed(v.Place), strings.Join(c.Nodes, ", ")))
		if c.Certainty != report.Proved {
			c.Certainty = report.FitsPartly
		}
	}
}

// prove raises the certainty, unless pairs that the cause should break answered:
// then the capture proves that packets are lost there, and the doubt stays said.
func prove(c *report.Cause, grounds string) {
	if c.Certainty == report.Proved {
		return
	}
	c.Certainty, c.Grounds = report.Proved, grounds
}

// fate is what became of the flow in words, and whether packets were lost.
func fate(o path.Outcome) (what string, lost bool) {
	switch o {
	case path.Vanished:
		return "vanished", true
	case path.Unanswered:
		return "stayed without an answer", true
	case path.Refused:
		return "was turned away", true
	case path.BlackHole:
		return "lost its large packets", true
	case path.Lossy:
		return "lost packets", true
	case path.Unreverted:
		return "was not translated back", true
	case path.Retransmitted, path.GaveUp, path.Late, path.Whole, path.Unknown:
	}
	return "", false
}

// at says whether a place lies on one of the nodes, at one of the parts.
func at(p path.Place, nodes, parts []string) bool {
	return touches(p, nodes) && slices.Contains(parts, p.Part())
}

// touches: between two nodes, either of them may be the reason.
func touches(p path.Place, nodes []string) bool {
	return p.Stage != "" && (slices.Contains(nodes, p.Node) || p.To != "" && slices.Contains(nodes, p.To))
}

// elsewhere: a place that is known, at none of the cause's nodes, nor at one that it
// names as the far end (a wrong entry may send packets there to be thrown away).
func elsewhere(p path.Place, c *report.Cause) bool {
	return p.Node != "" && !touches(p, c.Nodes) && !slices.Contains(strings.FieldsFunc(c.Says, separates), p.Node)
}

// anothers says whether a cause with another key lies at a place's node.
func anothers(p path.Place, key string, all []report.Cause) bool {
	return slices.ContainsFunc(all, func(c report.Cause) bool { return c.Key != key && touches(p, c.Nodes) })
}

// contested: packets vanish at a node of the cause, and it cannot be told that the
// cause took them: a rule says that it did, and the cause is about no rule; or nothing
// says who did, and another cause takes packets at the same part of the same node.
func contested(v path.Verdict, c *report.Cause, d diagnose.Diagnosis) bool {
	if !touches(v.Place, c.Nodes) || v.Blames.Stage != "" && v.Blames != v.Place {
		return false
	}
	if said(v, c.Nodes) == "" {
		if v.FirstMissing != nil && v.FirstMissing.Kind == path.NIC && v.FirstMissing.Dev == "" && v.Place.To == "" {
			return true // the node's interfaces are not known, so neither is the part
		}
		return slices.ContainsFunc(d.Causes, func(o report.Cause) bool {
			return o.Key != c.Key && at(v.Place, o.Nodes, d.Parts[o.Key])
		})
	}
	return byRule(v) && c.Certainty == report.Configured && !aboutRules(c) && !slices.Contains(d.Parts[c.Key], "translation")
}

// namesAnotherRule: rules on the cause's nodes counted the packets, and none of them
// is one that the cause is about. Then the flow proves that rule, and not this cause.
func namesAnotherRule(v path.Verdict, c *report.Cause) bool {
	if !aboutRules(c) || saidOfOwn(v, c) != "" {
		return false
	}
	return slices.ContainsFunc(v.Because, func(r path.Reason) bool { return r.Rule != "" && slices.Contains(c.Nodes, r.Node) })
}

// saidOfOwn is what was seen of a rule that the cause is about; empty where nothing was.
func saidOfOwn(v path.Verdict, c *report.Cause) string {
	for _, r := range v.Because {
		if r.Rule != "" && slices.ContainsFunc(c.Evidence, func(e check.Evidence) bool { return e.Node == r.Node && e.Text == r.Rule }) {
			return r.Text
		}
	}
	return ""
}

// byRule: the first word of the kernel or of a rule is that a rule took the packets.
func byRule(v path.Verdict) bool {
	for _, r := range v.Because {
		if r.Source == "kernel" || r.Source == "rule" {
			return r.Source == "rule" || strings.Contains(r.Text, "NETFILTER_DROP")
		}
	}
	return false
}

// aboutRules: the cause was read from a rule, or policy, of a chain.
func aboutRules(c *report.Cause) bool {
	return slices.ContainsFunc(c.Evidence, func(e check.Evidence) bool { return strings.Contains(e.Source, "chain ") })
}

// separates: what can stand between names of nodes in a sentence.
func separates(r rune) bool { return strings.ContainsRune(" ,;:()", r) }

// said is the first word of the kernel or of a rule, where it comes from one of the nodes.
func said(v path.Verdict, nodes []string) string {
	for _, r := range v.Because {
		if r.Source == "kernel" || r.Source == "rule" {
			if slices.Contains(nodes, r.Node) {
				return r.Text
			}
			return ""
		}
	}
	return ""
}

// placed is "at the tunnel of n3", "on the wire from n1 to n3".
func placed(p path.Place) string {
	part := p.Part()
	switch {
	case p.To != "":
		return fmt.Sprintf("on the %s from %s to %s", part, p.Node, p.To)
	case p.Node == "":
		return "at the " + part
	case part == "translation":
		return fmt.Sprintf("where %s has to translate the Service's address", p.Node)
	}
	return fmt.Sprintf("at the %s of %s", part, p.Node)
}
