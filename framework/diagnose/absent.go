package diagnose

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/distribution"
)

// usedUp are the words of CNI plugins, and of the checks, for a range without a
// free address (host-local: "no IP addresses available in range set").
var usedUp = regexp.MustCompile(`no IP addresses available in range|failed to allocate for range|no available IPs|has no free address left|range of pod addresses is used up`)

// nodeRangeExhausted: a node whose pods get no address any more takes no new pod,
// ours neither, so that little is known of it; the pods that it has are well.
func nodeRangeExhausted(in *input) []claim {
	left := in.leftBy([]string{nodeAgentCheck, "node/pod-cidr"}, func(f check.Finding) bool {
		return f.Verdict == check.Fail && usedUp.MatchString(f.Says+evidenceText(f))
	})
	var out []claim
	for _, node := range without(sortedKeys(left), in.nodesOf(nodeReady)) {
		c := claimOf([]string{node}, left[node])
		c.says = node + ": the node's range of pod addresses is used up" + in.rangeOf(node) + ", so no new pod gets an address there"
		c.grounds, c.remedy = "the network plugin itself says so", onePerCommand(c.remedy)
		c.finding = in.absence(c.nodes, left[node])
		out = append(out, c)
	}
	return out
}

// rangeOf names the ranges of a node's pods; empty where they are not known.
func (in *input) rangeOf(node string) string {
	n := in.facts.Node(node)
	if n == nil || len(n.PodCIDRs) == 0 {
		return ""
	}
	var all []string
	for _, p := range n.PodCIDRs {
		all = append(all, p.String())
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// kubeletDial is how the API server tells that it cannot reach a kubelet: by its
// port, through which every exec and log goes (Kubernetes documentation,
// "Communication between Nodes and the Control Plane").
var kubeletDial = regexp.MustCompile(`dial tcp (\S+:10250): ([^;"]+)`)

// kubeletUnreachable: what the API server cannot ask is not known, and not broken.
func kubeletUnreachable(in *input) []claim {
	notReady := in.nodesOf(nodeReady)
	left := map[string][]located{}
	for _, f := range in.found(nodeAgentCheck, check.Unknown, check.Fail) {
		for _, n := range without(f.Nodes, notReady) {
			left[n] = append(left[n], f)
		}
	}
	var out []claim
	for _, node := range sortedKeys(left) {
		at, why := refusedDial(left[node])
		if why == "" {
			continue
		}
		c := claimOf([]string{node}, left[node])
		c.says = fmt.Sprintf("%s: the API server cannot reach the kubelet there (%s: %s), so neither exec nor logs work on it, and nothing could be asked", node, at, why)
		c.evidence = append(c.evidence, check.Evidence{Node: node, Source: "exec through the API server", Text: fmt.Sprintf("dial tcp %s: %s", at, why)})
		c.remedy = in.kubeletSteps(node, at, why)
		c.grounds = "the API server itself says so"
		c.finding = in.absence(c.nodes, left[node])
		out = append(out, c)
	}
	return out
}

// refusedDial is the kubelet's address and the reason in what findings say.
func refusedDial(findings []located) (at, why string) {
	for _, f := range findings {
		if m := kubeletDial.FindStringSubmatch(f.Says + evidenceText(f.Finding)); m != nil {
			return m[1], strings.TrimSpace(m[2])
		}
	}
	return "", ""
}

func (in *input) kubeletSteps(node, at, why string) []check.Remedy {
	kubelet := distribution.KubeletOf(in.facts)
	tables := "iptables"
	if a, err := netip.ParseAddrPort(at); err == nil && a.Addr().Unmap().Is6() {
		tables = "ip6tables"
	}
	out := []check.Remedy{
		{Purpose: check.Find, Text: "Ask the kubelet from a node of the control plane: its answer may be Unauthorized, silence is a filter", Command: fmt.Sprintf("curl -sk -m 5 https://%s/healthz; echo $?", at)},
	}
	if strings.Contains(why, "refused") {
		out = append(out,
			check.Remedy{Purpose: check.Find, Text: "See whether the kubelet listens", Node: node, Command: "ss -ltnp 'sport = :10250'; systemctl status " + kubelet.Units()},
			check.Remedy{Text: "Start it", Node: node, Command: kubelet.Restart()})
	} else {
		out = append(out,
			check.Remedy{Purpose: check.Find, Text: "Find the rule that keeps the control plane from the kubelet's port", Node: node, Command: tables + "-save -c | grep -nE 'dports? .*10250'; nft -a list ruleset | grep -n 10250"},
			check.Remedy{Text: "Let the port in before any rule that drops it; delete that rule once it is known", Node: node, Command: tables + " -I INPUT -p tcp --dport 10250 -j ACCEPT"},
			check.Remedy{Purpose: check.Last, Text: "Allow TCP 10250 from the control plane where the rule comes from: the host's firewall service, or the security group between them"})
	}
	return append(out, check.Remedy{Purpose: check.Verify, Text: "Check by way of the API server", Command: fmt.Sprintf("kubectl get --raw /api/v1/nodes/%s/proxy/healthz", node)})
}

// absence attaches the findings themselves, and what is not known of the nodes;
// where they are all nodes, also what names none.
func (in *input) absence(nodes []string, own []located) func(string, check.Finding) bool {
	everywhere := len(nodes) > 0 && len(nodes) == len(in.facts.Selected())
	return func(id string, f check.Finding) bool {
		return isOneOf(own, id, f) || f.Verdict == check.Unknown && (sameNodes(f, nodes) || everywhere && len(f.Nodes) == 0)
	}
}

func evidenceText(f check.Finding) string {
	var out []string
	for _, e := range f.Evidence {
		out = append(out, "\n"+e.Text)
	}
	return strings.Join(slices.Compact(out), "")
}
