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

// trial is one external name with everything that was heard of it.
type trial struct {
	s    *facts.Snapshot
	name string
	// asked are the answers of the cluster DNS for the name, own those for a name
	// of the cluster, upstream those of the hosts' resolvers for the name.
	asked, own, upstream []answer
}

func (t trial) question() string { return strings.TrimSuffix(t.name, ".") + "." }

func (t trial) failing() []answer {
	return slices.DeleteFunc(slices.Clone(t.asked), func(a answer) bool { return a.cell.Outcome == facts.OK })
}

// findings says who is to blame where the name does not resolve everywhere.
func (t trial) findings() []check.Finding {
	bad := t.failing()
	switch {
	case len(bad) == 0:
		return t.loss()
	case len(bad) == len(t.asked):
		return []check.Finding{t.everywhere(bad)}
	}
	var way, share []answer
	for _, a := range bad {
		if t.hearsOwn(a.from) == facts.OK {
			share = append(share, a)
		} else {
			way = append(way, a)
		}
	}
	var out []check.Finding
	if len(way) > 0 {
		out = append(out, t.theWay(way))
	}
	if len(share) > 0 {
		out = append(out, t.aReplica(share))
	}
	return out
}

// hearsOwn is what a place gets from the cluster DNS for a name of the cluster.
func (t trial) hearsOwn(from facts.Vantage) facts.Outcome {
	out := facts.NotRun
	for _, a := range t.own {
		if a.from == from && (a.cell.Outcome == facts.OK || out == facts.NotRun) {
			out = a.cell.Outcome
		}
	}
	return out
}

// everywhere: no place gets an answer, so what all have in common is at fault.
func (t trial) everywhere(bad []answer) check.Finding {
	f := t.finding(bad, []string{})
	well, ill := t.resolvers()
	silent := !slices.ContainsFunc(bad, answer.replied) && !slices.ContainsFunc(bad, func(a answer) bool { return t.hearsOwn(a.from) == facts.OK })
	switch {
	case silent:
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the cluster DNS answers nobody, not even names of the cluster (see dns/service)", t.name)
	case len(well) > 0 && gone(bad):
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the cluster DNS itself says %s, while the hosts' resolver %s answers", t.name, bad[0].came(), listed(well))
	case len(well) > 0:
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the cluster DNS gives %s, although it answers names of the cluster and the hosts' resolver %s answers this one; "+
			"at fault is the upstream to which the cluster DNS forwards, or its way there", t.name, bad[0].came(), listed(well))
	case len(ill) == 0:
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the cluster DNS gives %s; no resolver of the hosts could be asked directly, so it is not known whether its upstream is at fault",
			t.name, bad[0].came())
	case gone(t.upstream) && gone(bad):
		f.Says = fmt.Sprintf("the name %s does not exist: the cluster DNS and the hosts' resolver %s say %s alike", t.name, listed(ill), t.upstream[0].came())
		if t.upstream[0].came() == emptyAnswer {
			f.Says = fmt.Sprintf("the name %s has no %s record: the cluster DNS and the hosts' resolver %s say so alike", t.name, t.upstream[0].to.Type, listed(ill))
		}
	case gone(bad):
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the cluster DNS says %s; whether it exists is not known, for the hosts' resolver %s does not answer (%s)",
			t.name, bad[0].came(), listed(ill), t.upstream[0].came())
	default:
		f.Says = fmt.Sprintf("%s resolves for no pod and no host through the cluster DNS: the upstream fails, for the hosts' resolver %s does not answer rightly either when it is asked directly (%s)",
			t.name, listed(ill), t.upstream[0].came())
	}
	f.Remedy = t.upstreamRemedy(bad[0])
	return f
}

// gone says whether every answer denies the name.
func gone(all []answer) bool {
	return !slices.ContainsFunc(all, func(a answer) bool {
		came := a.came()
		return a.cell.Outcome != facts.Garbled || came != "NXDOMAIN" && came != emptyAnswer
	})
}

// resolvers are the hosts' resolvers that answer the name from any host, and
// those that answer it from none.
func (t trial) resolvers() (well, ill []string) {
	ok := map[string]bool{}
	for _, a := range t.upstream {
		addr := a.to.Addr.String()
		ok[addr] = ok[addr] || a.cell.Outcome == facts.OK
	}
	for _, addr := range sortedKeys(ok) {
		if ok[addr] {
			well = append(well, addr)
		} else {
			ill = append(ill, addr)
		}
	}
	return well, ill
}

// theWay: others get an answer through the same Service, and these places get
// nothing from the cluster DNS at all.
func (t trial) theWay(bad []answer) check.Finding {
	f := t.finding(bad, nodesOf(bad))
	f.Says = fmt.Sprintf("%s does not resolve from %s (%s), while other nodes get it from the same cluster DNS: at fault is the way from %s to the cluster DNS",
		t.name, listed(f.Nodes), bad[0].came(), listed(f.Nodes))
	if !slices.ContainsFunc(bad, func(a answer) bool { return t.hearsOwn(a.from) != facts.NotRun }) {
		f.Says += "; whether names of the cluster resolve there was not observed"
	}
	node := f.Nodes[0]
	f.Remedy = []check.Remedy{remedies.ProxyState(t.s, node), remedies.RestartProxy(t.s, node), shownAnswers(node, dig(bad[0].to)), remedies.Again("dns/external")}
	return f
}

// aReplica: the way is well, for names of the cluster come; so one of the
// replicas that these places drew lacks its upstream.
func (t trial) aReplica(bad []answer) check.Finding {
	f := t.finding(bad, nodesOf(bad))
	f.Says = fmt.Sprintf("%s does not resolve in %d of %s (%s), although names of the cluster do there: one of the replicas likely lacks its upstream",
		t.name, len(bad), figures.Count(len(t.asked), "place"), bad[0].came())
	if hosts := t.replicasCutOff(); len(hosts) > 0 {
		f.Nodes = hosts
		f.Says += fmt.Sprintf("; on %s, where a replica runs, the hosts' resolver does not answer", listed(hosts))
	}
	f.Remedy = t.upstreamRemedy(bad[0])
	return f
}

// replicasCutOff are the nodes with a replica from which the name cannot be had upstream.
func (t trial) replicasCutOff() []string {
	ok := map[string]bool{}
	for _, a := range t.upstream {
		ok[a.from.Node] = ok[a.from.Node] || a.cell.Outcome == facts.OK
	}
	var out []string
	for _, p := range t.s.Cluster.DNSPods {
		if well, known := ok[p.Node]; known && !well {
			out = append(out, p.Node)
		}
	}
	return sortedSet(out)
}

// loss is the Warning about a name that resolves everywhere, but not at every attempt.
func (t trial) loss() []check.Finding {
	retried := slices.DeleteFunc(slices.Clone(t.asked), func(a answer) bool { return !a.cell.Retried })
	if len(retried) == 0 {
		return nil
	}
	f := t.finding(retried, t.replicasCutOff())
	f.Verdict = check.Warn
	f.Says = fmt.Sprintf("%s resolves, but in %d of %s not at the first attempt", t.name, len(retried), figures.Count(len(t.asked), "place"))
	f.Remedy = t.upstreamRemedy(retried[0])
	return []check.Finding{f}
}

func (t trial) finding(of []answer, nodes []string) check.Finding {
	f := check.Finding{Subject: t.name, Nodes: nodes, Verdict: check.Fail, Evidence: []check.Evidence{of[0].evidence()}}
	for _, a := range of {
		f.Pairs = append(f.Pairs, a.pair())
	}
	for _, a := range t.upstream[:min(2, len(t.upstream))] {
		f.Evidence = append(f.Evidence, check.Evidence{
			Node: a.from.Node, Source: fmt.Sprintf("DNS %s → resolver %s, %s", a.from, a.server(), question(a.to)), Text: a.outcome(),
		})
	}
	return f
}

// outcome is what came, where it may have been right.
func (a answer) outcome() string {
	if a.cell.Outcome == facts.OK && (a.detail == nil || len(a.detail.Attempts) == 0) {
		return "answered"
	}
	return a.came()
}

func nodesOf(all []answer) []string {
	var out []string
	for _, a := range all {
		out = append(out, a.from.Node)
	}
	return sortedSet(out)
}

func (t trial) upstreamRemedy(a answer) []check.Remedy {
	node := a.from.Node
	for _, p := range t.s.Cluster.DNSPods {
		if p.Node != "" && p.Ready {
			node = p.Node
			break
		}
	}
	steps := []check.Remedy{{
		Purpose: check.Find,
		Text:    "Where does the cluster DNS forward to? \"forward . /etc/resolv.conf\" means the file that the kubelet of its node hands out",
		Command: remedies.DNS(t.s).Corefile() + " | grep -n -A3 forward; " + remedies.DNS(t.s).Logs(50) + " | grep -iE 'error|timeout|refused'",
	}, {
		Purpose: check.Find,
		Text:    "Ask that resolver directly from a node with a replica", Node: node,
		Command: fmt.Sprintf("grep nameserver /etc/resolv.conf /run/systemd/resolve/resolv.conf 2>/dev/null | while read -r _ ns; do dig +tries=1 +time=2 @$ns %s; done", question(a.to)),
	}}
	return append(steps,
		check.Remedy{
			Text:    "Name a resolver that answers in the Corefile, after \"forward .\" (two are better than one); CoreDNS reads it within two minutes",
			Command: remedies.DNS(t.s).EditCorefile(),
		},
		restartReplicas(t.s, "Let the replicas be recreated, where they hold to an old /etc/resolv.conf of their node"),
		check.Remedy{
			Purpose: check.Last, Text: "Where the file on the node is wrong (of a replica's node it is handed out by the kubelet), correct it where it comes from: DHCP, netplan, NetworkManager", Node: node,
			Command: "grep -n resolvConf /var/lib/kubelet/config.yaml; resolvectl status --no-pager 2>/dev/null | grep -A3 'DNS Servers'",
		},
		shownAnswers(a.from.Node, dig(a.to)))
}
