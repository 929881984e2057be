package service

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed convergence.md
var convergenceDoc string

// A node is far behind where it needed this many milliseconds, and this many
// times as long as the typical node.
const (
	lateMillis = 5000
	lateTimes  = 3
)

// Convergence is the check service/convergence.
func Convergence() check.Check {
	return check.Check{
		ID: "service/convergence", Promise: "Every node serves a new Service soon after it was created, and none is far behind the others.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: convergenceDoc,
		Ask: askConvergence, Evaluate: evaluateConvergence,
	}
}

// askConvergence asks the ClusterIP, for which the sender's own node is
// responsible (a NodePort row also waits for the slowest other node), and the
// backends directly, to tell a stale data plane from a pod network that is down.
func askConvergence(scope check.Scope) []facts.Flow {
	tcp := []facts.Via{facts.TCP}
	return append(newServiceFlows(scope), flows(scope, facts.Main, facts.ToPod, tcp, facts.FromPod, facts.FromHost)...)
}

func newServiceFlows(scope check.Scope) []facts.Flow {
	return flows(scope, facts.Main, facts.ToClusterIP, []facts.Via{facts.TCP, facts.UDP}, facts.FromPod, facts.FromHost)
}

func evaluateConvergence(s *facts.Snapshot) check.Result {
	asked := newServiceFlows(check.ScopeOf(s))
	times := settled(s, asked)
	r := matrix.Judge(s, matrix.Spec{
		Flows: asked, Rule: neverRule(s), JudgesLoss: true, Noun: "places", Holds: "are served by their node",
		Also: late(s, times), Remedy: func(p matrix.Place) []check.Remedy { return staleRemedy(s, firstOf(p.Node(), p.Examples[0].From.Node)) },
	})
	if r.Verdict != check.Unknown && len(times) > 0 {
		r.Why += "; " + distribution(times)
	}
	return r
}

// served is how long after the Service was created a node served it, in milliseconds.
type served struct {
	node   string
	millis int
}

// settled are the nodes that serve the new Service, the slowest first. A row
// without an answer has no time.
func settled(s *facts.Snapshot, asked []facts.Flow) []served {
	slowest := map[string]int{}
	for _, f := range asked {
		m := s.Matrix(f)
		if m == nil || m.NotRun != "" {
			continue
		}
		for _, r := range m.Rows {
			if r.NotRun == "" && answered(r) {
				slowest[r.From.Node] = max(slowest[r.From.Node], s.Service.AgeMillis+r.SettleMillis)
			}
		}
	}
	out := make([]served, 0, len(slowest))
	for n, ms := range slowest {
		out = append(out, served{n, ms})
	}
	slices.SortFunc(out, func(a, b served) int { return cmp.Or(b.millis-a.millis, cmp.Compare(a.node, b.node)) })
	return out
}

// answered says whether anybody answered a row through the Service: a cell is
// Partial also where no backend was met at all.
func answered(r facts.Row) bool {
	return slices.ContainsFunc(r.Cells, func(c facts.Cell) bool { return c.Outcome == facts.OK }) ||
		slices.ContainsFunc(r.Details, func(d facts.Detail) bool { return len(d.Met) > 0 })
}

// typical is the median over the nodes, the slowest of which come first.
func typical(times []served) int { return times[len(times)/2].millis }

func late(s *facts.Snapshot, times []served) []check.Finding {
	var behind []served
	for _, t := range times {
		if t.millis > lateMillis && t.millis > lateTimes*typical(times) {
			behind = append(behind, t)
		}
	}
	if len(behind) == 0 {
		return nil
	}
	f := check.Finding{Subject: "", Nodes: []string{}, Verdict: check.Warn, Remedy: staleRemedy(s, behind[0].node)}
	for _, t := range behind {
		f.Nodes = append(f.Nodes, t.node)
	}
	slices.Sort(f.Nodes)
	f.Subject = strings.Join(f.Nodes[:min(3, len(f.Nodes))], ", ")
	if len(f.Nodes) > 3 {
		f.Subject += fmt.Sprintf(" and %d more", len(f.Nodes)-3)
	}
	f.Says = fmt.Sprintf("%s served the new Service only after %s; the typical node needed %s", f.Subject, seconds(behind[0].millis), seconds(typical(times)))
	f.Evidence = []check.Evidence{{Node: behind[0].node, Source: "first answers through the ClusterIP", Text: distribution(times)}}
	return []check.Finding{f}
}

// distribution tells the times, the slowest nodes by name.
func distribution(times []served) string {
	var slowest []string
	for _, t := range times[:min(5, len(times))] {
		slowest = append(slowest, t.node+" "+seconds(t.millis))
	}
	return fmt.Sprintf("time until served: median %s, slowest %s", seconds(typical(times)), strings.Join(slowest, ", "))
}

func seconds(millis int) string {
	if millis < 100 {
		return "under 0.1 s"
	}
	return fmt.Sprintf("%.1f s", float64(millis)/1000)
}

// neverRule: a place that gets no answer at all through the Service, while a
// backend answers it directly, sits on a node whose data plane has not learnt of it.
func neverRule(s *facts.Snapshot) func(matrix.Cell) matrix.Ruling {
	reached := matrix.Lookup(s)
	return func(c matrix.Cell) matrix.Ruling {
		if c.Answer.Outcome == facts.OK || len(c.Met()) > 0 {
			return matrix.Ruling{Standing: matrix.Right}
		}
		if c.Answer.Outcome == facts.NotRun {
			return matrix.Outcome(facts.NotRun)
		}
		direct := c.Flow
		direct.To, direct.Via = facts.ToPod, facts.TCP
		heard := false
		for _, peer := range c.To.Peers {
			o := reached(direct, c.From, peer)
			if o == facts.OK {
				return matrix.Failing("is never served, though backends answer directly", "are never served, though backends answer directly")
			}
			heard = heard || o != facts.NotRun
		}
		if !heard {
			return matrix.Ruling{Standing: matrix.Open, Why: "whether the backends answer directly was not observed"}
		}
		return matrix.Ruling{Standing: matrix.Aside, Why: "no backend answers them directly either (see reach/pod-to-pod and reach/host-to-pod)"}
	}
}

func staleRemedy(s *facts.Snapshot, node string) []check.Remedy {
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Is kube-proxy alive on this node? A process that is stopped or starved still counts as Running", Node: node,
			Command: "ps -eo pid,stat,etime,pcpu,args | grep '[k]ube-proxy'; curl -s -m 3 http://127.0.0.1:10256/healthz",
		},
		{
			Purpose: check.Find,
			Text:    "How long do its rounds take, and when was the last?", Node: node,
			Command: "curl -s -m 3 http://127.0.0.1:10249/metrics | grep -E 'sync_proxy_rules_(last_timestamp|duration_seconds_(sum|count))|network_programming'",
		},
		remedies.ProxyState(s, node),
		{
			Text: "Let a process that is stopped (state T) go on", Node: node,
			Command: "pkill -CONT -x kube-proxy",
		},
		remedies.RestartProxy(s, node),
		remedies.Again("service/convergence", "service/programmed"),
	}
}
