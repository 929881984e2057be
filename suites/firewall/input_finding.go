package firewall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

func (w *inputWalk) finding(r *refused) check.Finding {
	verb := "drops"
	if r.reject {
		verb = "rejects"
	}
	text := r.text
	if r.position == 0 {
		text = "policy DROP, reached because nothing before accepts it"
	}
	f := check.Finding{
		Subject: fmt.Sprintf("%s: %s", w.node.Name, r.where()), Nodes: []string{w.node.Name}, Verdict: r.verdict,
		Says:     fmt.Sprintf("%s %s %s%s%s%s: %s", r.where(), verb, r.what(), w.from(r), (&stopped{looks: r.looks}).when(), w.effect(r), text),
		Evidence: []check.Evidence{{Node: w.node.Name, Source: r.where(), Text: text}},
		Remedy:   w.remedy(r),
	}
	if o, idle := r.actsNot(w.snapshot, r.place, r.looks, answers); idle && r.verdict == check.Fail {
		f.Verdict, f.Remedy = check.Warn, r.harmless(w.node.Name)
		f.Says += "; " + o.says("answered")
	}
	return f
}

// what names the kinds of traffic; several ports of one kind are one.
func (r *refused) what() string {
	if ports := kinds(r.whats, "NodePorts ("); len(ports) > 1 {
		others := slices.DeleteFunc(slices.Clone(r.whats), func(s string) bool { return strings.HasPrefix(s, "NodePorts (") })
		return strings.Join(append(others, "NodePorts ("+strings.Join(ports, ", ")+")"), ", ")
	}
	return strings.Join(r.whats, ", ")
}

func kinds(whats []string, head string) []string {
	var out []string
	for _, s := range whats {
		if rest, ok := strings.CutPrefix(s, head); ok {
			out = append(out, strings.TrimSuffix(rest, ")"))
		}
	}
	return out
}

// from names the senders where they are not all other nodes.
func (w *inputWalk) from(r *refused) string {
	const named = 3
	switch {
	case r.outsideOnly:
		return ""
	case len(r.senders) >= len(w.snapshot.Nodes)-1:
		return " from the other nodes"
	case len(r.senders) > named:
		return fmt.Sprintf(" from %s and %d more", strings.Join(r.senders[:named], ", "), len(r.senders)-named)
	default:
		return " from " + strings.Join(r.senders, ", ")
	}
}

// effect says what a stop that is no failure does.
func (w *inputWalk) effect(r *refused) string {
	switch {
	case r.verdict == check.Fail:
		return ""
	case r.outsideOnly && !r.late:
		return " for clients outside the cluster (other nodes pass); where nobody outside should use NodePorts, that is meant so"
	case translated(w.snapshot):
		return ", without effect at the moment: kube-proxy (" + recognise.ProxyMode(w.snapshot) + ") gives these packets another destination before they come here"
	default:
		return ", without effect where what serves the Services takes these packets before they come here"
	}
}

func (w *inputWalk) remedy(r *refused) []check.Remedy {
	list := r.remedy(w.snapshot, w.node.Name)
	if r.owner.member || r.position == 0 {
		return list
	}
	accept := "accept what the cluster needs before it: " + r.what()
	for i := range list {
		if strings.HasPrefix(list[i].Text, "Take the rule away") {
			list[i].Text = strings.Replace(list[i].Text, "Take the rule away", "Take the rule away, or "+accept, 1)
		}
	}
	return list
}
