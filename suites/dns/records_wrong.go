package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// judgedRecords are the findings about records, with how many answers were wrong
// and how many are another check's matter.
type judgedRecords struct {
	findings     []check.Finding
	wrong, aside int
}

// wrongRecord is one question that got one wrong answer in some places.
type wrongRecord struct {
	answers []answer
	// asked is how many places got any answer to the question.
	asked int
	// sometimes: the right answer came too, at another attempt.
	sometimes bool
}

// recordFindings makes one finding of every question and wrong answer, however
// many places got it.
func recordFindings(s *facts.Snapshot, all []answer, silent map[place]bool) judgedRecords {
	var out judgedRecords
	var order []string
	groups, replied := map[string]*wrongRecord{}, map[string]int{}
	for _, a := range all {
		if a.replied() {
			replied[a.flow.Key()+a.to.ID]++
		}
	}
	for _, a := range all {
		question := a.flow.Key() + a.to.ID
		_, sometimes := a.wrongReply()
		sometimes = sometimes && a.cell.Outcome == facts.OK
		switch {
		case a.cell.Outcome == facts.OK && !sometimes:
			continue
		case silent[place{a.from, a.flow}], !a.replied() && replied[question] > 0:
			out.aside++ // loss on the way, which dns/service measures
			continue
		case !sometimes:
			out.wrong++
		}
		key := fmt.Sprintf("%s %s %t", question, a.came(), sometimes)
		if groups[key] == nil {
			groups[key] = &wrongRecord{sometimes: sometimes}
			order = append(order, key)
		}
		groups[key].answers = append(groups[key].answers, a)
	}
	for _, key := range order {
		g := groups[key]
		g.asked = countPlaces(all, silent, g.answers[0])
		out.findings = append(out.findings, g.finding(s))
	}
	slices.SortStableFunc(out.findings, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	return out
}

// countPlaces is how many places that hear the server asked the same question.
func countPlaces(all []answer, silent map[place]bool, like answer) int {
	n := 0
	for _, a := range all {
		if a.flow == like.flow && a.to.ID == like.to.ID && !silent[place{a.from, a.flow}] {
			n++
		}
	}
	return n
}

func (g wrongRecord) finding(s *facts.Snapshot) check.Finding {
	a := g.answers[0]
	f := check.Finding{
		Subject: question(a.to), Nodes: []string{}, Verdict: check.Fail, Flow: a.flow.Key(), Remedy: recordRemedy(s, a),
	}
	for _, one := range g.answers {
		f.Pairs = append(f.Pairs, check.Pair{From: one.from.String(), To: one.to.ID})
		if len(g.answers) < g.asked {
			f.Nodes = append(f.Nodes, one.from.Node)
		}
	}
	f.Nodes = sortedSet(f.Nodes)
	where := fmt.Sprintf("from %s", figures.Count(g.asked, "place"))
	if len(f.Nodes) > 0 {
		where = fmt.Sprintf("from %d of %s: %s", len(g.answers), figures.Count(g.asked, "place"), listed(f.Nodes))
	}
	f.Says = fmt.Sprintf("asked for %s, the cluster DNS gave %s; %s ought to come (%s)", question(a.to), a.came(), wanted(a.to), where)
	if g.sometimes {
		f.Verdict = check.Warn
		f.Says = fmt.Sprintf("asked for %s, the cluster DNS gave %s at one time and the right answer at another, so its replicas do not agree (%s)",
			question(a.to), a.came(), where)
	}
	f.Evidence = []check.Evidence{a.evidence()}
	return f
}

// wanted is the right answer in words.
func wanted(t facts.Target) string {
	switch {
	case len(t.Want) > 0:
		return listed(t.Want)
	case t.RCode == noData:
		return emptyAnswer
	case t.RCode != "":
		return t.RCode
	default:
		return "any answer"
	}
}

func recordRemedy(s *facts.Snapshot, a answer) []check.Remedy {
	dns := remedies.DNS(s)
	steps := []check.Remedy{{
		Purpose: check.Find, Text: "Read the zone that the cluster DNS serves; the plugin kubernetes must name the cluster's domain, in-addr.arpa and ip6.arpa",
		Command: dns.Corefile(),
	}}
	if strings.HasPrefix(a.to.ID, "record/NXDOMAIN") {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "A name that does not exist must not be answered: look for a template, rewrite or wildcard, and for a resolver behind it that invents answers",
			Command: dns.Corefile() + " | grep -nE 'template|rewrite|wildcard|forward'",
		})
	} else {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "Compare with what the API server says, and see whether the replicas can still hear it",
			Command: "kubectl get service kubernetes -o wide; " + dns.Logs(50) + " | grep -iE 'error|warn|fail'",
		})
	}
	return append(steps, check.Remedy{
		Text:    "Correct the Corefile, where a line of it makes the answer",
		Command: dns.EditCorefile(),
	}, restartReplicas(s, "Let the replicas be recreated, so that they read the Corefile and the cluster's Services again"), check.Remedy{
		Purpose: check.Verify, Text: "Check by asking: " + wanted(a.to) + " must come", Node: a.from.Node, Command: dig(a.to),
	})
}
