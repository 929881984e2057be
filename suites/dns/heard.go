package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

// asked is every family with every way of asking, from each kind of vantage, at the main look.
func asked(families []facts.Family, to facts.TargetKind, vias []facts.Via, from ...facts.VantageKind) []facts.Flow {
	var out []facts.Flow
	for _, v := range from {
		for _, family := range families {
			for _, via := range vias {
				out = append(out, facts.Flow{From: v, To: to, Via: via, Family: family, Look: facts.Main})
			}
		}
	}
	return out
}

// serviceKnown is the answer where no DNS Service can be asked, and false where one can.
func serviceKnown(s *facts.Snapshot) (check.Result, bool) {
	if r, none := without(s); none {
		return r, false
	}
	if len(s.Cluster.DNS) == 0 {
		return check.Unknownf("the cluster DNS has replicas, but none of its Services is known"), false
	}
	return check.Result{}, true
}

// unheard are the findings about everything in flows that was asked and not
// heard; what was answered, rightly or not, is no matter here.
func unheard(s *facts.Snapshot, flows []facts.Flow, noun string) []check.Finding {
	r := matrix.Judge(s, matrix.Spec{Flows: flows, Noun: noun, Rule: func(c matrix.Cell) matrix.Ruling {
		if c.Answer.Outcome == facts.NotRun {
			return matrix.Outcome(facts.NotRun)
		}
		return matrix.Ruling{Standing: matrix.Right}
	}})
	if r.Verdict == check.Unknown && len(r.Findings) == 0 {
		return []check.Finding{{Subject: "all nodes", Nodes: []string{}, Verdict: check.Unknown, Says: r.Why}}
	}
	return slices.DeleteFunc(r.Findings, func(f check.Finding) bool { return f.Verdict != check.Unknown })
}

// answer is one cell of a matrix with what is known of it.
type answer struct {
	flow   facts.Flow
	from   facts.Vantage
	to     facts.Target
	cell   facts.Cell
	detail *facts.Detail
}

// answers are the cells of flows that were run, in the order of the flows.
func answers(s *facts.Snapshot, flows []facts.Flow) []answer {
	var out []answer
	for _, f := range flows {
		m := s.Matrix(f)
		if m == nil || m.NotRun != "" {
			continue
		}
		for _, row := range m.Rows {
			if row.NotRun != "" || len(row.Cells) != len(m.Targets) {
				continue
			}
			for i, cell := range row.Cells {
				if cell.Outcome != facts.NotRun {
					out = append(out, answer{f, row.From, m.Targets[i], cell, row.Detail(i)})
				}
			}
		}
	}
	return out
}

// pair is the answer's place in its matrix.
func (a answer) pair() check.Pair {
	return check.Pair{From: a.from.String(), To: a.to.ID, Flow: a.flow.Key()}
}

// replied says whether a DNS server answered at all, be it wrongly.
func (a answer) replied() bool {
	return a.cell.Outcome == facts.OK || a.cell.Outcome == facts.Garbled
}

// came is what a DNS question brought, in words: the first wrong reply where
// there was one, else the last attempt.
func (a answer) came() string {
	told, ok := a.wrongReply()
	if !ok && a.detail != nil && len(a.detail.Attempts) > 0 {
		told = a.detail.Attempts[len(a.detail.Attempts)-1]
	}
	switch {
	case len(told.Answers) > 0:
		return listed(told.Answers)
	case told.RCode == noData:
		return emptyAnswer
	case told.RCode != "":
		return told.RCode
	case told.Note != "":
		return told.Note
	case a.cell.Outcome == facts.Timeout:
		return "nothing (silence)"
	default:
		return "nothing (" + a.cell.Outcome.String() + ")"
	}
}

// noData is the code of a name that exists without a record of the type asked
// for, and emptyAnswer how it looks on the wire (RFC 2308).
const (
	noData      = "NODATA"
	emptyAnswer = "NOERROR without an answer"
)

// wrongReply is the first attempt that brought a wrong answer.
func (a answer) wrongReply() (facts.Attempt, bool) {
	if a.detail == nil {
		return facts.Attempt{}, false
	}
	i := slices.IndexFunc(a.detail.Attempts, func(t facts.Attempt) bool { return t.Outcome == facts.Garbled })
	if i < 0 {
		return facts.Attempt{}, false
	}
	return a.detail.Attempts[i], true
}

// evidence is the answer in one line.
func (a answer) evidence() check.Evidence {
	return check.Evidence{
		Node: a.from.Node, Source: fmt.Sprintf("DNS %s → %s, %s", a.from, a.server(), question(a.to)), Text: a.came(),
	}
}

func (a answer) server() string {
	return netip.AddrPortFrom(a.to.Addr, a.to.Port).String()
}

// question is what was asked, as dig(1) takes it.
func question(t facts.Target) string {
	kind := t.Type
	if kind == "" {
		kind = "A"
	}
	return t.Name + " " + kind
}

// dig asks a target by hand.
func dig(t facts.Target) string {
	return fmt.Sprintf("dig +tries=1 +time=2 @%s %s", t.Addr, question(t))
}

// listed joins words; of many the first ones stand for all.
func listed(words []string) string {
	const most = 6
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d more", len(words)-most))
	}
	return strings.Join(words, ", ")
}

// sortedSet is a list in order and without duplicates, never nil.
func sortedSet(words []string) []string {
	out := append([]string{}, words...)
	slices.Sort(out)
	return slices.Compact(out)
}
