package dns

import (
	_ "embed"
	"fmt"
	"net/netip"
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
	told, local := 0, 0
	for _, n := range s.Selected() {
		text := n.PodAgent.ResolvConf
		if text == nil || text.NotRun != "" {
			findings = append(findings, notRead(n, text))
			continue
		}
		found, viaLocal := podFindings(s, n.Name, text)
		if findings = append(findings, found...); len(found) == 0 {
			told++
		}
		if viaLocal {
			local++
		}
	}
	for _, n := range s.Selected() {
		findings = append(findings, hostFindings(s, n.Name)...)
	}
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	held := fmt.Sprintf("%d of %d nodes tell their pods the cluster DNS", told, len(s.Selected()))
	if local > 0 {
		held += fmt.Sprintf(" (%d by way of the node-local cache %s)", local, nodeLocal)
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

// nodeLocal is where NodeLocal DNSCache listens (Kubernetes documentation,
// "Using NodeLocal DNSCache in Kubernetes clusters").
const nodeLocal = "169.254.20.10"

// podFindings holds a pod's file against what the kubelet writes for dnsPolicy
// ClusterFirst (Kubernetes documentation, "DNS for Services and Pods"). The
// second result says whether the node-local cache stands in for the Service.
func podFindings(s *facts.Snapshot, node string, text *facts.Text) ([]check.Finding, bool) {
	r := parseResolvConf(text.Text)
	var wrong []string
	viaLocal := false
	for _, ns := range r.nameservers {
		viaLocal = viaLocal || ns.String() == nodeLocal
		if ns.String() != nodeLocal && !slices.ContainsFunc(s.Cluster.DNS, func(d netip.AddrPort) bool { return d.Addr() == ns }) {
			wrong = append(wrong, fmt.Sprintf("nameserver %s is not the cluster DNS (%s)", ns, addrList(s)))
		}
	}
	if len(r.nameservers) == 0 {
		wrong = append(wrong, "it names no nameserver")
	}
	for _, u := range r.unreadable {
		wrong = append(wrong, fmt.Sprintf("nameserver %q is not an address", u))
	}
	if want := searchPath(s); len(want) > 0 && !startsWith(r.search, want) {
		wrong = append(wrong, fmt.Sprintf("its search path is %q and should begin with %q", strings.Join(r.search, " "), strings.Join(want, " ")))
	}
	if r.ndots != clusterDots {
		wrong = append(wrong, fmt.Sprintf("ndots is %d and should be %d", r.ndots, clusterDots))
	}
	if len(wrong) == 0 {
		return nil, viaLocal
	}
	return []check.Finding{{
		Subject: node, Nodes: []string{node}, Verdict: check.Fail,
		Says:     fmt.Sprintf("pods of %s are told the wrong resolver: %s", node, strings.Join(wrong, "; ")),
		Evidence: []check.Evidence{{Node: node, Source: "probe pod " + text.Path, Text: strings.TrimSpace(text.Text)}},
		Remedy:   podRemedy(s, node),
	}}, viaLocal
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

func podRemedy(s *facts.Snapshot, node string) []check.Remedy {
	const config = "/var/lib/kubelet/config.yaml"
	var addrs []string
	for _, d := range s.Cluster.DNS {
		addrs = append(addrs, d.Addr().String())
	}
	return []check.Remedy{{
		Purpose: check.Find, Text: "Compare clusterDNS and clusterDomain of this kubelet with another node's", Node: node,
		Command: "grep -nE -A2 'clusterDNS|clusterDomain' " + config + "; ps -o args= -C kubelet",
	}, {
		Text: "Set clusterDNS in the kubelet's configuration, and restart it; pods keep the old file until they are made anew", Node: node,
		Command: fmt.Sprintf("sed -i '/^clusterDNS:/,/^[^-[:space:]]/{/^ *- /d}; s/^clusterDNS:.*/clusterDNS: [%s]/' %s && systemctl restart kubelet", strings.Join(addrs, ", "), config),
	}, {
		Purpose: check.Last, Text: "Correct the configuration that new nodes get, and an upgrade writes (kubeadm), where it says the same", Command: "kubectl -n kube-system get configmap kubelet-config -o yaml | grep -nE -A2 'clusterDNS|clusterDomain'",
	}, {
		Purpose: check.Verify, Text: fmt.Sprintf("Check in a new pod: nameserver %s must stand there", addrList(s)),
		Command: fmt.Sprintf(`kubectl run try-resolver --rm -i --restart=Never --image=busybox --overrides='{"spec":{"nodeName":"%s"}}' -- cat /etc/resolv.conf`, node),
	}}
}
