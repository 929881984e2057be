package dns

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// servers are the metrics ports of the replicas with all answers of each.
type servers struct {
	order []string
	of    map[string][]answer
}

func serversOf(all []answer) servers {
	s := servers{of: map[string][]answer{}}
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

// notServing is the Warning about a replica that serves no metrics.
func (s servers) notServing(id string) []check.Finding {
	how := s.none(id)
	if how == "" {
		return nil
	}
	all := s.of[id]
	t := all[0].to
	pod := strings.TrimPrefix(id, "metrics/")
	where := "from every place, though none of them is on its own node, where no filter could be in the way"
	f := check.Finding{Subject: pod, Nodes: []string{}, Verdict: check.Warn}
	for _, a := range all {
		if a.from.Node == t.Node {
			where = "from every place, its own node included: it serves no metrics there, which is no matter of the network"
		}
		f.Pairs = append(f.Pairs, a.pair())
	}
	if t.Node != "" {
		f.Nodes = append(f.Nodes, t.Node)
		f.Subject = fmt.Sprintf("%s (%s)", pod, t.Node)
	}
	f.Says = fmt.Sprintf("%s %s at port %d %s", pod, how, t.Port, where)
	f.Evidence = []check.Evidence{{Node: all[0].from.Node, Source: fmt.Sprintf("HTTP %s → %s", all[0].from, all[0].server()), Text: all[0].cell.Outcome.String()}}
	f.Remedy = []check.Remedy{{
		Text:    "CoreDNS serves metrics where its Corefile has the line \"prometheus :9153\"; another DNS server may serve them elsewhere, or not at all",
		Command: "kubectl -n kube-system get configmap coredns -o yaml | grep -n prometheus; kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
	}, {
		Text:    "After the line was added, CoreDNS reads it within two minutes where it has the plugin reload, else when it is made anew; check",
		Command: fmt.Sprintf("kubectl get --raw /api/v1/namespaces/kube-system/pods/%s:%d/proxy/metrics | head -3", pod, t.Port),
	}}
	return []check.Finding{f}
}
