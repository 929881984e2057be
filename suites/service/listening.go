package service

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed listening.md
var listeningDoc string

// Listening is the check service/listening.
func Listening() check.Check {
	return check.Check{
		ID: "service/listening", Promise: "Every ready endpoint of the Services asked for listens on its port, at an address that others can reach.",
		Level: check.OptIn, Needs: []check.Need{check.NeedConfig, check.NeedHostRead}, Doc: listeningDoc,
		Looks: []facts.Look{facts.Last}, Evaluate: evaluateListening,
	}
}

func evaluateListening(s *facts.Snapshot) check.Result {
	names := s.Configured().Services
	if len(names) == 0 {
		return check.Skipf("the configuration names no Service (services)")
	}
	if s.Run.Unprivileged {
		return check.Skipf("listening sockets are read on the hosts, and this run was asked to leave those out (--unprivileged)")
	}
	var findings []check.Finding
	var well, aside int
	for _, name := range names {
		service := configured(s, name)
		if service == nil {
			findings = append(findings, notFound(s, name))
			continue
		}
		l := listener{facts: s, service: *service, name: name}
		findings = append(findings, l.judge()...)
		well, aside = well+l.well, aside+l.aside
	}
	if len(findings) == 0 && well == 0 {
		return check.Unknownf("none of %s is a pod on a node under test, so no socket could be looked at", figures.Count(aside, "endpoint"))
	}
	held := fmt.Sprintf("%s of %s listen", figures.Count(well, "ready endpoint"), figures.Count(len(names), "Service"))
	if aside > 0 {
		held += fmt.Sprintf("; %d not judged here: they are no pods on nodes under test", aside)
	}
	return check.Conclude(held, findings)
}

// configured finds a Service by "namespace/name".
func configured(s *facts.Snapshot, name string) *facts.ClusterService {
	for i := range s.Cluster.Services {
		if c := &s.Cluster.Services[i]; c.Namespace+"/"+c.Name == name {
			return c
		}
	}
	return nil
}

// notFound is a failure, unless the list was refused.
func notFound(s *facts.Snapshot, name string) check.Finding {
	f := check.Finding{Subject: name, Nodes: []string{}, Verdict: check.Fail, Says: fmt.Sprintf("there is no Service %s in this cluster", name)}
	for _, e := range s.Cluster.Errors {
		if what := strings.ToLower(e.What); strings.Contains(what, "service") || strings.Contains(what, "endpoint") {
			f.Verdict, f.Says = check.Unknown, fmt.Sprintf("whether there is a Service %s is not known: %s: %s", name, e.What, e.Says)
			return f
		}
	}
	space, short, _ := strings.Cut(name, "/")
	f.Remedy = []check.Remedy{
		{Purpose: check.Find, Text: "Look for its right name, and correct the configuration (services: namespace/name), or create it", Command: "kubectl get services -A | grep -F " + firstOf(short, space)},
		remedies.Again("service/listening"),
	}
	return f
}

// listener judges the endpoints of one Service.
type listener struct {
	facts   *facts.Snapshot
	service facts.ClusterService
	name    string
	// well listen as they should; aside are no pods on nodes under test.
	well, aside int
}

func (l *listener) judge() []check.Finding {
	var bad, waiting []socket
	ready := 0
	for _, e := range l.service.Endpoints {
		if !e.Ready {
			waiting = append(waiting, socket{endpoint: e})
			continue
		}
		ready++
		switch n := l.facts.Node(e.Node); {
		case n == nil || n.Excluded != "" || e.Pod == "":
			l.aside++
		default:
			if got := l.look(e); got.state == hears {
				l.well++
			} else {
				bad = append(bad, got)
			}
		}
	}
	if ready == 0 {
		return []check.Finding{l.noneReady(waiting)}
	}
	return l.findings(bad)
}

// noneReady is a Service behind which nobody is ready; waiting are its endpoints.
func (l *listener) noneReady(waiting []socket) check.Finding {
	f := check.Finding{Subject: l.name, Nodes: []string{}, Verdict: check.Fail, Says: fmt.Sprintf("the Service %s has no endpoint at all", l.name)}
	if len(waiting) > 0 {
		f.Says = fmt.Sprintf("the Service %s has no ready endpoint; not ready: %s", l.name, places(waiting))
	}
	for _, w := range waiting {
		if w.endpoint.Node != "" {
			f.Nodes = append(f.Nodes, w.endpoint.Node)
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	f.Remedy = []check.Remedy{
		{Purpose: check.Find, Text: "Does its selector match pods, and are they Ready?", Command: l.kubectl("get service,endpointslices,pods -o wide")},
		{Purpose: check.Find, Text: "Why is a pod not Ready? Its events and its log say so", Command: l.kubectl("describe pods | grep -A12 Events: ; kubectl -n " + l.service.Namespace + " get events --sort-by=.lastTimestamp | tail")},
		{Text: "Let the workload behind it be recreated, where its pods are stuck; where the selector matches none, correct it or the pods' labels", Command: l.restart()},
		remedies.Again("service/listening"),
	}
	return f
}

// places names endpoints, and counts those beyond three.
func places(of []socket) string {
	var where []string
	for _, s := range of {
		where = append(where, s.where())
	}
	text := strings.Join(where[:min(3, len(where))], ", ")
	if len(where) > 3 {
		text += fmt.Sprintf(" and %d more", len(where)-3)
	}
	return text
}

// findings puts endpoints with the same fault into one.
func (l *listener) findings(bad []socket) []check.Finding {
	var out []check.Finding
	for len(bad) > 0 {
		same := func(s socket) bool { return s.state == bad[0].state && s.why == bad[0].why }
		var group, rest []socket
		for _, s := range bad {
			if same(s) {
				group = append(group, s)
			} else {
				rest = append(rest, s)
			}
		}
		bad = rest
		out = append(out, l.finding(group))
	}
	return out
}

func (l *listener) finding(group []socket) check.Finding {
	first := group[0]
	f := check.Finding{Subject: l.name, Verdict: check.Fail}
	for _, g := range group {
		f.Nodes = append(f.Nodes, g.endpoint.Node)
		if e := g.evidence(); len(f.Evidence) < 6 && first.state != unread && !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	where := places(group)
	switch first.state {
	case unread:
		f.Verdict = check.Unknown
		f.Says = fmt.Sprintf("not seen whether %s of %s listen: %s (%s)", figures.Count(len(group), "ready endpoint"), l.name, first.why, where)
		return f
	case deaf:
		f.Says = fmt.Sprintf("nothing listens at %s of %s: %s", figures.Count(len(group), "ready endpoint"), l.name, where)
	default:
		f.Says = fmt.Sprintf("%s of %s can be reached by nobody else, for the socket is bound to %s only: %s",
			figures.Count(len(group), "ready endpoint"), l.name, first.why, where)
	}
	f.Remedy = l.remedy(first)
	return f
}

func (l *listener) kubectl(command string) string {
	return fmt.Sprintf("kubectl -n %s %s", l.service.Namespace, command)
}

// restart makes the pods that the Service selects anew; whatever owns them replaces them.
func (l *listener) restart() string {
	return fmt.Sprintf(`kubectl -n %[1]s delete pods -l "$(kubectl -n %[1]s get service %[2]s -o go-template='{{range $k, $v := .spec.selector}}{{$k}}={{$v}},{{end}}' | sed 's/,$//')"`,
		l.service.Namespace, l.service.Name)
}
