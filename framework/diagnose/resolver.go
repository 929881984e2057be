package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// upstreamDead: the cluster DNS answers names of the cluster, and gets nothing from
// the resolver to which it sends all others.
func upstreamDead() stated {
	return stated{
		id: "dns-upstream-dead", checks: []string{"dns/external"}, also: []string{"egress/targets"},
		holds: func(_ *input, f check.Finding) bool {
			return strings.Contains(f.Says, "at fault is the upstream") || strings.Contains(f.Says, "the upstream fails") || strings.Contains(f.Says, "likely lacks its upstream")
		},
		shows: func(_ *input, node, _ string) cellTest {
			return func(f facts.Flow, _ facts.Vantage, _ facts.Target) bool { return f.To == facts.ToDNSExternal }
		},
		leaves: anyhow, steps: towardsUpstream,
		grounds: "the cluster DNS was heard to answer other names, and gave no answer for this one",
	}
}

// askedResolver reads a resolver of a host out of the evidence.
var askedResolver = regexp.MustCompile(`→ resolver (\S+?):53,`)

// towardsUpstream names a resolver that was heard to answer, where the one to which
// the cluster DNS forwards is changed.
func towardsUpstream(_ string, own []located, advised []check.Remedy) []check.Remedy {
	heard := ""
	for _, f := range own {
		for _, e := range f.Evidence {
			if m := askedResolver.FindStringSubmatch(e.Source); m != nil && e.Text == "answered" && heard == "" {
				heard = fmt.Sprintf("%s did when %s asked it", m[1], e.Node)
			}
		}
	}
	out := slices.Clone(advised)
	for i, r := range out {
		if heard != "" && r.Purpose == check.Repair && strings.Contains(r.Command, "edit configmap") {
			out[i].Text += ": " + heard
		}
	}
	return out
}

// heardFrom counts who got an answer from a replica of the cluster DNS.
type heardFrom struct{ asked, right int }

// replicaDead is a replica of the cluster DNS that answers nobody over UDP, or TCP,
// while its node is reached: only the shape of the matrices tells.
func replicaDead(in *input) []claim {
	var suspects []string
	for _, f := range in.leftOf("dns/replica", check.Fail) {
		for _, p := range f.Pairs {
			if !slices.Contains(suspects, p.To) {
				suspects = append(suspects, p.To)
			}
		}
	}
	slices.Sort(suspects)
	var out []claim
	for _, id := range suspects {
		if c, ok := in.deadReplica(id); ok {
			out = append(out, c)
		}
	}
	return out
}

func (in *input) deadReplica(id string) (claim, bool) {
	heard, target := in.heardOf(id)
	var dead []string
	asked := 0
	for _, via := range []facts.Via{facts.DNSUDP, facts.DNSTCP} {
		if h := heard[via]; h.asked > 1 && h.right == 0 {
			dead = append(dead, transport(via))
			asked += h.asked
		}
	}
	if len(dead) == 0 || target.Node == "" || !in.podsReached(target.Node) {
		return claim{}, false
	}
	name := strings.TrimPrefix(id, "dns/")
	c := claim{
		nodes: []string{target.Node}, open: true, key: target.Node + "/" + name, parts: []string{partPod, partBridge, partHost},
		says: fmt.Sprintf("%s: the replica %s of the cluster DNS (%s) answers nobody over %s, though other pods of its node are reached",
			target.Node, name, target.Addr, strings.Join(dead, " and ")),
		evidence: []check.Evidence{{Node: target.Node, Source: "matrix → DNS replica " + name, Text: "0 of " + figures.Count(asked, "pair") + " answered"}},
		remedy:   in.replicaSteps(name, target),
	}
	c.cell = among(in.openCells(), func(f facts.Flow, _ facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToDNSReplica:
			return to.ID == id && slices.Contains(dead, transport(f.Via))
		case facts.ToDNSMetrics:
			return to.ID == id && len(dead) == 2
		case facts.ToDNSService, facts.ToDNSRecord, facts.ToDNSExternal:
			return slices.Contains(dead, transport(f.Via))
		default:
			return false
		}
	})
	c.leaves = turnedAway
	c.finding = func(string, check.Finding) bool { return false }
	return c, true
}

// transport is what carries a question: only one way of asking is by TCP.
func transport(via facts.Via) string {
	if via == facts.DNSTCP {
		return "TCP"
	}
	return "UDP"
}

// heardOf counts answers of a replica by the way of asking.
func (in *input) heardOf(id string) (map[facts.Via]heardFrom, facts.Target) {
	heard, target := map[facts.Via]heardFrom{}, facts.Target{}
	for _, m := range in.facts.Matrices {
		p := in.matrices[m.Flow.Key()]
		column, ok := p.columns[id]
		if m.Flow.To != facts.ToDNSReplica || m.Flow.Look != facts.Main || !ok {
			continue
		}
		target = p.Targets[column]
		h := heard[m.Flow.Via]
		for _, row := range p.Rows {
			if row.NotRun == "" && column < len(row.Cells) && row.Cells[column].Outcome != facts.NotRun {
				h.asked++
				if row.Cells[column].Outcome == facts.OK {
					h.right++
				}
			}
		}
		heard[m.Flow.Via] = h
	}
	return heard, target
}

// podsReached says whether another node's pod or host reaches a pod of this node;
// where nobody else asked, its own host counts.
func (in *input) podsReached(node string) bool {
	own := false
	for _, m := range in.facts.Matrices {
		if m.Flow.To != facts.ToPod || m.Flow.Via != facts.TCP || m.Flow.Look != facts.Main {
			continue
		}
		p := in.matrices[m.Flow.Key()]
		for column, t := range p.Targets {
			for _, row := range p.Rows {
				if t.Node != node || row.NotRun != "" || column >= len(row.Cells) || row.Cells[column].Outcome != facts.OK {
					continue
				}
				if row.From.Node != node {
					return true
				}
				own = true
			}
		}
	}
	return own && len(in.facts.Selected()) == 1
}

func (in *input) replicaSteps(name string, t facts.Target) []check.Remedy {
	space := recognise.ClusterDNS(in.facts).Namespace
	for _, p := range in.facts.Cluster.DNSPods {
		if p.Name == name && p.Namespace != "" {
			space = p.Namespace
		}
	}
	ask := fmt.Sprintf("dig +tries=1 +time=2 @%s kubernetes.default.svc.%s. A; dig +tcp +tries=1 +time=2 @%[1]s kubernetes.default.svc.%[2]s. A", t.Addr, in.facts.Cluster.Domain)
	return []check.Remedy{
		{Purpose: check.Find, Text: "Read what it says itself", Command: fmt.Sprintf("kubectl -n %s logs %s --tail=50; kubectl -n %[1]s describe pod %[2]s", space, name)},
		{Purpose: check.Find, Text: "Look for a rule about it", Node: t.Node, Command: fmt.Sprintf("iptables-save -c | grep -n '%s'; nft list ruleset | grep -n '%[1]s'", t.Addr)},
		{Text: "Let it begin anew: the other replicas answer meanwhile", Command: fmt.Sprintf("kubectl -n %s delete pod %s", space, name)},
		{Purpose: check.Verify, Text: "Check the one that took its place: ask it by its own address", Node: t.Node, Command: ask},
	}
}
