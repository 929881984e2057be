package dns

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed resolv_conf.md
var resolvConfDoc string

// ResolvConf is the check dns/resolv-conf.
func ResolvConf() check.Check {
	return check.Check{
		ID: "dns/resolv-conf", Promise: "Pods are told the cluster DNS, the search path and ndots as Kubernetes sets them, and the host's own resolv.conf is sane.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: resolvConfDoc, Evaluate: evaluateResolvConf,
		Looks: []facts.Look{facts.First},
	}
}

func evaluateResolvConf(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Cluster.DNS) == 0 {
		return check.Unknownf("the address of the cluster DNS is not known, so no resolv.conf can be held against it")
	}
	var findings []check.Finding
	told := 0
	var caches []string
	local := 0
	for _, n := range s.Selected() {
		text := n.PodAgent.ResolvConf
		if text == nil || text.NotRun != "" {
			findings = append(findings, notRead(n, text))
			continue
		}
		found, cache := podFindings(s, n.Name, text)
		if findings = append(findings, found...); len(found) == 0 {
			told++
		}
		if cache != "" {
			local++
			caches = append(caches, cache)
		}
	}
	for _, n := range s.Selected() {
		findings = append(findings, hostFindings(s, n.Name)...)
	}
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	held := fmt.Sprintf("%d of %d nodes tell their pods the cluster DNS", told, len(s.Selected()))
	if local > 0 {
		held += fmt.Sprintf(" (%d by way of the node-local cache %s)", local, listed(sortedSet(caches)))
	}
	return check.Conclude(held+stubs(s), findings)
}

func rank(v check.Verdict) int {
	return slices.Index([]check.Verdict{check.Fail, check.Unknown, check.Warn}, v)
}

func notRead(n facts.Node, text *facts.Text) check.Finding {
	why := "its probe pod told nothing"
	switch {
	case text != nil:
		why = text.NotRun
	case n.PodAgent.NotRun != "":
		why = n.PodAgent.NotRun
	case len(n.PodAgent.Trouble) > 0:
		why = n.PodAgent.Trouble[0].Reason + ": " + n.PodAgent.Trouble[0].Message
	}
	return check.Finding{
		Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown,
		Says: fmt.Sprintf("the resolv.conf of the pods of %s was not read: %s", n.Name, why),
	}
}

// clusterDots is what the kubelet writes for ClusterFirst.
const clusterDots = 5

// searchPath is what the kubelet puts first; empty where it is not known.
func searchPath(s *facts.Snapshot) []string {
	domain := strings.ToLower(strings.TrimSuffix(s.Cluster.Domain, "."))
	if domain == "" || s.Run.Namespace == "" {
		return nil
	}
	return []string{s.Run.Namespace + ".svc." + domain, "svc." + domain, domain}
}

func startsWith(have, want []string) bool {
	return len(have) >= len(want) && slices.Equal(have[:len(want)], want)
}

func addrList(s *facts.Snapshot) string {
	var out []string
	for _, d := range s.Cluster.DNS {
		out = append(out, d.Addr().String())
	}
	return strings.Join(out, ", ")
}
