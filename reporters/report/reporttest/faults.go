package reporttest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func (b *builder) fail(id string, f check.Finding) {
	c := b.find(id)
	c.Verdict = check.Fail
	c.Findings = append(c.Findings, f)
	c.Why = fmt.Sprintf("%d of %d nodes", len(b.nodes)-len(f.Nodes), len(b.nodes))
}

func (b *builder) warn(id, node, says string) {
	c := b.find(id)
	c.Verdict, c.Why = check.Warn, fmt.Sprintf("%d of %d nodes", len(b.nodes)-1, len(b.nodes))
	c.Findings = append(c.Findings, check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Warn, Says: says})
}

func (b *builder) accept(id, says string) {
	b.fail(id, check.Finding{Subject: "kube-proxy", Verdict: check.Fail, Says: says})
	b.find(id).Accepted = true
}

func (b *builder) unknown(id, why string) {
	c := b.find(id)
	c.Verdict, c.Why = check.Unknown, why
}

func (b *builder) skip(id, why string) {
	c := b.find(id)
	c.Verdict, c.Why = check.Skip, why
}

func (b *builder) retried(id string) { b.find(id).Retried = true }

func (b *builder) notChecked(what, why string) {
	b.r.NotChecked = append(b.r.NotChecked, report.NotChecked{What: what, Why: why})
}

func (b *builder) cause(c report.Cause, explains ...string) {
	for _, id := range explains {
		checked := b.find(id)
		checked.Causes = append(checked.Causes, c.Key)
		e := report.Explained{Check: id, Findings: len(checked.Findings), Of: len(checked.Findings)}
		for _, f := range checked.Findings {
			e.Pairs += len(f.Pairs)
			if c.Verdict != check.Fail {
				c.Verdict = f.Verdict // a sample fails, or warns; nothing is explained that is unknown
			}
		}
		c.Explains = append(c.Explains, e)
	}
	b.r.Causes = append(b.r.Causes, c)
}

// cutOff lets everything that must be forwarded by a node time out.
func (b *builder) cutOff(node string) {
	forwarded := func(from, to string) bool {
		away := strings.TrimPrefix(from, "pod/") == node || strings.TrimPrefix(to, "pod/") == node || to == "nodePort/"+node
		return away && !strings.HasSuffix(from, "/"+strings.SplitN(to, "/", 2)[1])
	}
	flows := map[string]string{
		"pod>pod/tcp/ipv4@main": "reach/pod-to-pod", "pod>pod/udp/ipv4@main": "reach/pod-to-pod", "pod>pod/icmp/ipv4@main": "reach/pod-to-pod",
		"pod>host/tcp/ipv4@main": "reach/pod-to-host", "host>pod/tcp/ipv4@main": "reach/host-to-pod", "host>nodePort/tcp/ipv4@main": "service/node-port",
	}
	for _, m := range b.r.Matrices {
		id, ok := flows[m.Flow]
		if !ok {
			continue
		}
		b.breakPairs(id, m, node, forwarded)
	}
}

// island cuts a group of nodes off from the rest in one flow.
func (b *builder) island(group []string, id, flow string) {
	apart := func(from, to string) bool {
		_, f, _ := strings.Cut(from, "/")
		_, t, _ := strings.Cut(to, "/")
		return slices.Contains(group, f) != slices.Contains(group, t)
	}
	for _, m := range b.r.Matrices {
		if m.Flow == flow {
			b.breakPairs(id, m, group[0], apart)
		}
	}
}

func (b *builder) breakPairs(id string, m report.Matrix, node string, broken func(from, to string) bool) {
	f := check.Finding{Subject: node + " (" + m.Title + ")", Nodes: []string{node}, Verdict: check.Fail, Flow: m.Flow}
	for i, row := range m.Rows {
		for j, to := range m.Columns {
			if broken(row.From, to) {
				b.cells[m.Flow][i][j] = 'T'
				f.Pairs = append(f.Pairs, check.Pair{From: row.From, To: to})
			}
		}
	}
	f.Says = fmt.Sprintf("%d of %d pairs time out, all of them into or out of %s", len(f.Pairs), len(m.Rows)*len(m.Columns), node)
	f.Evidence = []check.Evidence{{Node: node, Source: "probe, 3 attempts a pair", Text: "timeout, timeout, timeout; the far end saw nothing"}}
	b.fail(id, f)
}

// silent gives a node's vantages no answer.
func (b *builder) silent(node, why string) {
	for _, m := range b.r.Matrices {
		for i := range m.Rows {
			if strings.HasSuffix(m.Rows[i].From, "/"+node) {
				m.Rows[i].NotRun, m.Rows[i].Micros = why, nil
				b.cells[m.Flow][i] = nil
			}
		}
		for _, row := range b.cells[m.Flow] {
			for j, to := range m.Columns {
				if row != nil && strings.HasSuffix(to, "/"+node) {
					row[j] = '?'
				}
			}
		}
	}
	for i := range b.r.Nodes {
		if b.r.Nodes[i].Name == node {
			b.r.Nodes[i].Status, b.r.Nodes[i].Why = "not testable", why
		}
	}
}
