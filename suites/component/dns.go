package component

import (
	"cmp"
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed dns.md
var dnsDoc string

// DNS promises that the cluster DNS runs with as many replicas as are asked for.
func DNS() check.Check {
	return check.Check{
		ID:       "component/dns",
		Promise:  "The workload of the cluster DNS (a Deployment or a DaemonSet) is available with all of its replicas.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Doc:      dnsDoc,
		Evaluate: dns,
	}
}

func dns(s *facts.Snapshot) check.Result {
	d, pods := s.Cluster.DNSDeployment, s.Cluster.DNSPods
	if d == nil {
		for _, what := range []string{"Deployment of the cluster DNS", "pods of the cluster DNS", "pods of kube-system"} {
			if why, bad := refused(s, what); bad {
				return check.Unknownf("%s", why)
			}
		}
		if len(pods) == 0 {
			return check.Unknownf("no cluster DNS was found: neither a workload nor pods behind its Service")
		}
		return dnsPods(s, pods)
	}
	held := fmt.Sprintf("%d of %d replicas of %s/%s are available", d.Available, d.Desired, d.Namespace, d.Name)
	if d.Desired > 0 && d.Available >= d.Desired {
		return check.Conclude(held, nil)
	}
	f := check.Finding{
		Subject: d.Namespace + "/" + d.Name, Verdict: check.Fail, Nodes: []string{},
		Says:     held + ": the others answer for them, with less to spare",
		Evidence: []check.Evidence{{Source: cmp.Or(d.Kind, "Deployment") + " " + d.Namespace + "/" + d.Name, Text: fmt.Sprintf("desired %d, ready %d, available %d, updated %d", d.Desired, d.Ready, d.Available, d.Updated)}},
	}
	switch {
	case d.Desired == 0 && d.Kind == "DaemonSet":
		f.Says = fmt.Sprintf("the DaemonSet %s/%s selects no node: no name resolves in the cluster", d.Namespace, d.Name)
		f.Remedy = []check.Remedy{remedies.DNS(s).Enough("")}
	case d.Desired == 0:
		f.Says = fmt.Sprintf("%s/%s is scaled to 0: no name resolves in the cluster", d.Namespace, d.Name)
		f.Remedy = []check.Remedy{{Text: "Ask for two replicas", Command: fmt.Sprintf("kubectl -n %s scale deployment %s --replicas=2", d.Namespace, d.Name)}}
	case d.Available == 0:
		f.Says = held + ": no name resolves in the cluster"
	}
	trouble(&f, pods)
	f.Remedy = append(f.Remedy, dnsSteps(s, pods)...)
	if d.Desired > 0 {
		f.Remedy = append(f.Remedy, check.Remedy{
			Text:    "If it broke with a change of its image or its configuration, go back to the version before",
			Command: remedies.DNS(s).Rollout("undo"),
		})
	}
	f.Remedy = append(f.Remedy, check.Remedy{
		Purpose: check.Verify, Text: "Check that all are available: it must say \"successfully rolled out\"",
		Command: remedies.DNS(s).Rollout("status") + " --timeout=60s",
	})
	return check.Conclude(held, []check.Finding{f})
}

// trouble quotes the pods that are not Ready.
func trouble(f *check.Finding, pods []facts.Pod) {
	first := true
	for _, p := range pods {
		if p.Ready {
			continue
		}
		if first {
			f.Says += fmt.Sprintf("; %s is not Ready (%s)", p.Name, podState(p))
			first = false
		}
		f.Evidence = append(f.Evidence, podEvidence(p))
		if p.Node != "" {
			f.Nodes = append(f.Nodes, p.Node)
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
}

// dnsPods judges a cluster DNS that is no Deployment, such as a DaemonSet.
func dnsPods(s *facts.Snapshot, pods []facts.Pod) check.Result {
	ready := 0
	for _, p := range pods {
		if p.Ready {
			ready++
		}
	}
	held := fmt.Sprintf("%d of %d pods of the cluster DNS are Ready; there is no Deployment behind them", ready, len(pods))
	if ready == len(pods) {
		return check.Conclude(held, nil)
	}
	f := check.Finding{Subject: "cluster DNS", Verdict: check.Fail, Nodes: []string{}, Says: held}
	trouble(&f, pods)
	f.Remedy = append(dnsSteps(s, pods), check.Remedy{
		Purpose: check.Verify, Text: "Check that all are Running and READY", Command: remedies.DNS(s).Pods(),
	})
	return check.Conclude(held, []check.Finding{f})
}

// dnsSteps tell why replicas do not run, and let those be recreated.
func dnsSteps(s *facts.Snapshot, pods []facts.Pod) []check.Remedy {
	out := []check.Remedy{{
		Purpose: check.Find, Text: "Read why they do not run",
		Command: remedies.DNS(s).Describe() + "; " + remedies.DNS(s).Logs(20),
	}}
	var names []string
	for _, p := range pods {
		if !p.Ready {
			names = append(names, p.Name)
		}
	}
	if len(names) > 0 {
		out = append(out, check.Remedy{
			Text: "Let those that are not Ready be recreated", Command: fmt.Sprintf("kubectl -n %s delete pod %s", remedies.DNS(s).Namespace, strings.Join(names, " ")),
		})
	}
	return out
}
