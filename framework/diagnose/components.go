package diagnose

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/distribution"
)

const (
	kubeProxy         = "component/kube-proxy"
	kubeProxyPrio     = "component/kube-proxy-priority"
	nodeReady         = "node/ready"
	nodeAgentCheck    = "node/agent"
	serviceAreaPrefix = "service/"
	dnsAreaPrefix     = "dns/"
)

// kubeProxyMissing: without kube-proxy no Service works on that node, the
// cluster DNS included; the pods behind the Services still answer by address.
func kubeProxyMissing(in *input) []claim {
	findings := in.failing(kubeProxy)
	nodes := in.nodesOf(kubeProxy)
	if len(findings) == 0 {
		return nil
	}
	c := claimOf(nodes, findings)
	c.cell, c.leaves = servicesAt(nodes), anyhow
	c.finding = func(id string, f check.Finding) bool {
		if id == kubeProxy {
			return f.Verdict == check.Fail
		}
		return sameNodes(f, nodes) && len(f.Pairs) == 0 &&
			(strings.HasPrefix(id, serviceAreaPrefix) || id == dnsAreaPrefix+"service")
	}
	c.must, c.parts = fromUnserved(findings), []string{partTranslation, partHost}
	c.grounds = "nobody else writes the rules of Services on a node"
	return []claim{c}
}

// kubeProxyPriority explains no traffic: it is why kube-proxy will be missing
// one day, when a node runs short of memory and evicts it.
func kubeProxyPriority(in *input) []claim {
	findings := in.failing(kubeProxyPrio)
	if len(findings) == 0 {
		return nil
	}
	c := claimOf(in.nodesOf(kubeProxyPrio), findings)
	c.finding = func(id string, f check.Finding) bool { return id == kubeProxyPrio && f.Verdict == check.Fail }
	c.grounds = "the pods' own specification says so"
	return []claim{c}
}

// nodeNotReady: what happens on and towards a node that the cluster itself calls
// not ready is its consequence.
func nodeNotReady(in *input) []claim {
	var out []claim
	for _, node := range without(in.nodesOf(nodeReady), in.nodesOf("node/"+duplicateAddress)) {
		c := claimOf([]string{node}, only(in.failing(nodeReady), node))
		c.cell, c.leaves = touching([]string{node}), anyhow
		c.grounds = "the cluster itself says so of the node"
		c.finding = func(id string, f check.Finding) bool {
			return id == nodeReady && slices.Contains(f.Nodes, node) || sameNodes(f, []string{node}) && aboutPresence(id, f)
		}
		out = append(out, c)
	}
	return out
}

// agentNotRunning: a node where our own pods do not come up, or do not answer,
// tells nothing. The scheduler's, kubelet's, CNI's or admission's own words are the
// finding; the cause of not knowing is said as plainly as that of a failure.
func agentNotRunning(in *input) []claim {
	var out []claim
	notReady := in.nodesOf(nodeReady)
	byNodes := map[string][]located{}
	for _, f := range in.leftOf(nodeAgentCheck, check.Fail, check.Unknown) {
		key := strings.Join(without(f.Nodes, notReady), ",")
		byNodes[key] = append(byNodes[key], f)
	}
	for _, key := range slices.Sorted(maps.Keys(byNodes)) {
		findings := byNodes[key]
		nodes := without(findings[0].Nodes, notReady)
		if len(nodes) == 0 {
			continue
		}
		evidence, remedy := evidenceOf(findings)
		if len(remedy) == 0 {
			remedy = in.agentSteps(nodes)
		}
		everywhere := len(nodes) == len(in.facts.Selected())
		out = append(out, claim{
			nodes: nodes, says: says(findings), evidence: evidence, remedy: remedy,
			grounds: "it is what the cluster says of the suite's own pods there",
			finding: func(id string, f check.Finding) bool {
				if id == nodeAgentCheck {
					return slices.ContainsFunc(findings, func(own located) bool { return own.Subject == f.Subject && own.Says == f.Says })
				}
				// What names no node is about all of them.
				return f.Verdict == check.Unknown && (sameNodes(f, nodes) || everywhere && len(f.Nodes) == 0)
			},
		})
	}
	return out
}

// agentSteps are for agents of which nothing is known but that they are not heard.
func (in *input) agentSteps(nodes []string) []check.Remedy {
	n := in.facts.Node(nodes[0])
	if n == nil {
		return []check.Remedy{{Purpose: check.Verify, Text: "Run again, once the node is there", Command: "kubectl get nodes"}}
	}
	kubelet := distribution.KubeletOf(in.facts)
	see := "kubectl get pods -A -o wide --field-selector spec.nodeName=" + n.Name
	return []check.Remedy{
		{Purpose: check.Find, Text: "See whether other pods of the node run, and whether its kubelet answers", Command: see + "; kubectl get --raw /api/v1/nodes/" + n.Name + "/proxy/healthz"},
		{Purpose: check.Find, Text: "Read what the kubelet and the container runtime say of the suite's pods", Node: n.Name, Command: "journalctl " + kubelet.Log() + " -u containerd --since -30min --no-pager | grep -i plumbline"},
		{Purpose: check.Verify, Text: "Check that the agents come up", Command: "plumbline run --checks node/agent"},
	}
}

func without(nodes, leave []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return slices.Contains(leave, n) })
}

// aboutPresence: not knowing, and agents or components that are missing, follow
// from a node that is down; a wrong setting on it does not.
func aboutPresence(id string, f check.Finding) bool {
	return f.Verdict == check.Unknown || id == nodeAgentCheck || id == kubeProxy || id == "component/dns"
}

func only(findings []located, node string) []located {
	var out []located
	for _, f := range findings {
		if f.names(node) {
			out = append(out, f)
		}
	}
	return out
}
