package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	cniAgent       = "component/cni"
	cniAgentUnwell = "cni-agent-unwell"
	policyArea     = "policy/"
)

// pluginAgentGone: a plugin that writes rules for each pod stops what comes from a pod
// that it does not know, and enforces no policy for it. Where its agent does not run,
// that is every new pod. So its own rule, and a policy that is not in force there, are
// consequences, and the missing agent is the cause.
func pluginAgentGone(in *input) []claim {
	var nodes []string
	for _, node := range in.withoutAgent() {
		if len(only(in.failing(cniAgent), node)) > 0 && len(in.followsAgent([]string{node})) > 0 {
			nodes = append(nodes, node)
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	var told []located
	for _, f := range in.failing(cniAgent) {
		if slices.ContainsFunc(nodes, f.names) {
			told = append(told, f)
		}
	}
	c := claimOf(nodes, told)
	evidence, _ := evidenceOf(in.followsAgent(nodes))
	c.evidence = append(c.evidence, evidence...)
	c.cell, c.leaves = eitherOf([]cellTest{in.podTraffic(nodes), withinNode(nodes)}), anyhow
	c.finding = func(id string, f check.Finding) bool {
		return isOneOf(told, id, f) || in.needsAgent(id, f) && f.Verdict == check.Fail && sameNodes(f, nodes)
	}
	c.parts = []string{partHost, partBridge}
	c.grounds = "pods that came since are not in the rules that the agent alone writes, and end there"
	return []claim{c}
}

// withoutAgent are the nodes under test on which no Ready agent of the plugin runs.
func (in *input) withoutAgent() []string {
	c := in.facts.Cluster
	pods := c.CNIPodsLast
	if len(pods) == 0 {
		pods = c.CNIPods
	}
	if len(pods) == 0 && !c.CNIExpected {
		return nil
	}
	var out []string
	for _, n := range in.facts.Selected() {
		if !slices.ContainsFunc(pods, func(p facts.Pod) bool { return p.Node == n.Name && p.Ready && !p.Terminating }) {
			out = append(out, n.Name)
		}
	}
	return out
}

// followsAgent are failing findings about what only the agent writes, on these nodes and no other.
func (in *input) followsAgent(nodes []string) []located {
	var out []located
	for _, j := range in.judged {
		for _, f := range j.Result.Findings {
			if f.Verdict == check.Fail && in.needsAgent(j.ID, f) && sameNodes(f, nodes) {
				out = append(out, located{j.ID, f})
			}
		}
	}
	return out
}

// needsAgent: a rule of the cluster's own plugin, or a policy that is not in force.
func (in *input) needsAgent(id string, f check.Finding) bool {
	if strings.HasPrefix(id, policyArea) {
		return true
	}
	return (id == firewallForward || id == firewallDrops) && f.Plugin != "" && f.Plugin == in.facts.Cluster.CNI
}

// withinNode matches what begins or ends at a pod and stays on its node.
func withinNode(nodes []string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return from.Node == to.Node && slices.Contains(nodes, to.Node) && (fromPod(f) || f.To == facts.ToPod || f.To == facts.ToRuntime)
	}
}
