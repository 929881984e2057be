package dns

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// servers are the metrics ports of the replicas with all answers of each.
type servers struct {
	order []string
	of    map[string][]answer
	dns   remedies.ClusterDNS
}

func serversOf(snap *facts.Snapshot, all []answer) servers {
	s := servers{of: map[string][]answer{}, dns: remedies.DNS(snap)}
	for _, a := range all {
		if s.of[a.to.ID] == nil {
			s.order = append(s.order, a.to.ID)
		}
		s.of[a.to.ID] = append(s.of[a.to.ID], a)
	}
	return s
}

// none says how a replica answers that gives metrics to nobody although the
// network reaches it: every place gets one and the same refusal, or one and the
// same HTTP answer that is not 200. Empty for any other.
func (s servers) none(id string) string {
	all := s.of[id]
	if len(all) == 0 {
		return ""
	}
	first := all[0].cell.Outcome
	if first != facts.Refused && first != facts.Garbled {
		return ""
	}
	for _, a := range all {
		if a.cell.Outcome != first {
			return ""
		}
	}
	if first == facts.Refused {
		return "refuses the connection"
	}
	return "answers " + all[0].came()
}

// notServing are the Warnings about replicas that serve no metrics, one for all
// that answer alike.
func (s servers) notServing() []check.Finding {
	by := map[string][]string{}
	for _, id := range s.order {
		if how := s.none(id); how != "" {
			by[how+s.where(id)] = append(by[how+s.where(id)], id)
		}
	}
	var out []check.Finding
	for _, says := range sortedKeys(by) {
		out = append(out, s.refusal(says, by[says]))
	}
	return out
}

// where says which places are refused at a replica; only its own node shows that
// no filter stands in between.
func (s servers) where(id string) string {
	for _, a := range s.of[id] {
		if a.from.Node == a.to.Node {
			return fmt.Sprintf(" at port %d from every place, its own node included: it serves no metrics there, which is no matter of the network", a.to.Port)
		}
	}
	return fmt.Sprintf(" at port %d from every place, of which none is on its own node, where no filter could stand in between; likely it serves no metrics there",
		s.of[id][0].to.Port)
}

func (s servers) refusal(says string, ids []string) check.Finding {
	f := check.Finding{Verdict: check.Warn}
	var names, nodes []string
	for _, id := range ids {
		t, pod := s.of[id][0].to, strings.TrimPrefix(id, "metrics/")
		if t.Node != "" {
			nodes = append(nodes, t.Node)
			pod = fmt.Sprintf("%s (%s)", pod, t.Node)
		}
		names = append(names, pod)
		for _, a := range s.of[id] {
			f.Pairs = append(f.Pairs, a.pair())
		}
	}
	first := s.of[ids[0]][0]
	f.Subject, f.Nodes = listed(names), sortedSet(nodes)
	f.Says = f.Subject + " " + says
	f.Evidence = []check.Evidence{{Node: first.from.Node, Source: fmt.Sprintf("HTTP %s → %s", first.from, first.server()), Text: first.cell.Outcome.String()}}
	dns := s.dns
	f.Remedy = []check.Remedy{{
		Purpose: check.Find,
		Text:    "CoreDNS serves metrics where its Corefile has a line such as \"prometheus :9153\"; another DNS server may serve them elsewhere, or not at all",
		Command: dns.Corefile() + " | grep -n prometheus; " + dns.Pods(),
	}, {
		Text:    "Add the line, if metrics are wanted; CoreDNS reads it within two minutes where it has the plugin reload, else when it is made anew",
		Command: dns.EditCorefile(),
	}, {
		Purpose: check.Verify, Text: "Check: metrics must be printed",
		Command: dns.Metrics(strings.TrimPrefix(ids[0], "metrics/"), first.to.Port),
	}}
	return f
}
