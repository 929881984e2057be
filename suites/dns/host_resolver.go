package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// hostFindings judges the host's own file, which the kubelet hands to pods of
// dnsPolicy Default, the cluster DNS among them. A host that was not looked at
// is no finding here: this check's promise is about pods first, and the host's
// own checks say that it was not seen.
func hostFindings(s *facts.Snapshot, node string) []check.Finding {
	h := s.Host(node, facts.First)
	if h == nil || h.ResolvConf == nil || h.ResolvConf.NotRun != "" {
		return nil
	}
	r := parseResolvConf(h.ResolvConf.Text)
	var out []check.Finding
	for _, says := range insane(s, node, r) {
		out = append(out, check.Finding{
			Subject: node + " (host)", Nodes: []string{node}, Verdict: check.Warn,
			Says:     fmt.Sprintf("%s of the host %s %s", h.ResolvConf.Path, node, says),
			Evidence: []check.Evidence{{Node: node, Source: "host " + h.ResolvConf.Path, Text: strings.TrimSpace(h.ResolvConf.Text)}},
			Remedy:   hostRemedy(s, node),
		})
	}
	return out
}

// mostServers is how many nameservers a resolver, and the kubelet for its pods,
// takes of a file (resolv.conf(5), MAXNS; Kubernetes documentation, "DNS for
// Services and Pods", known issues).
const mostServers = 3

// insane says what is wrong with a host's file, each as the end of a sentence.
func insane(s *facts.Snapshot, node string, r resolvConf) []string {
	var out []string
	for _, u := range r.unreadable {
		out = append(out, fmt.Sprintf("names the nameserver %q, which is no address", u))
	}
	loopback := slices.IndexFunc(r.nameservers, netip.Addr.IsLoopback)
	switch {
	case len(r.nameservers) == 0:
		out = append(out, "names no nameserver")
	case asksItself(s, r.nameservers):
		out = append(out, "names the cluster DNS, and the cluster DNS may in turn ask the host's resolver: a loop")
	case loopback >= 0 && brokenReplica(s, node) != "":
		out = append(out, fmt.Sprintf("names %s, and the replica of the cluster DNS on this node is not ready (%s): where the kubelet hands that file to it, it asks itself, a loop",
			r.nameservers[loopback], brokenReplica(s, node)))
	case onlyLoopback(r) && !isStub(r):
		out = append(out, fmt.Sprintf("names only %s, which a pod cannot reach; the kubelet's resolvConf must point elsewhere", r.nameservers[0]))
	case loopback >= 0 && !isStub(r):
		out = append(out, fmt.Sprintf("names %s beside others; in a pod that gets this file, the cluster DNS among them, that address is the pod itself", r.nameservers[loopback]))
	}
	if n := len(r.nameservers); n > mostServers {
		out = append(out, fmt.Sprintf("names %d nameservers, of which resolvers and the kubelet use the first %d", n, mostServers))
	}
	return out
}

// brokenReplica is what Kubernetes says of a replica of the cluster DNS on a node
// that starts again and again, as CoreDNS does when it finds that it asks itself
// (CoreDNS plugin loop); empty where there is none.
func brokenReplica(s *facts.Snapshot, node string) string {
	for _, p := range s.Cluster.DNSPods {
		if p.Node == node && !p.Ready && p.Reason == "CrashLoopBackOff" {
			return p.Name + ": " + p.Reason
		}
	}
	return ""
}

func hostRemedy(s *facts.Snapshot, node string) []check.Remedy {
	return []check.Remedy{{
		Purpose: check.Find,
		Text:    "See which file the kubelet hands to pods; with systemd-resolved it must be /run/systemd/resolve/resolv.conf", Node: node,
		Command: "grep -n resolvConf /var/lib/kubelet/config.yaml; cat /run/systemd/resolve/resolv.conf",
	}, {
		Text: "Keep up to three nameservers in that file that a pod can reach, none of them the cluster DNS; restart the kubelet, and let the replicas of this node be recreated", Node: node,
		Command: distribution.KubeletOf(s).Restart(),
	}, {
		Purpose: check.Verify,
		Text:    "Check that the replicas are Running and READY, and log no loop",
		Command: remedies.DNS(s).Pods() + "; " + remedies.DNS(s).Logs(20) + " | grep -i loop",
	}}
}

// stubs says how many hosts use systemd-resolved's stub. That is sane for a host;
// kubeadm then points the kubelet at the file with the real servers.
func stubs(s *facts.Snapshot) string {
	n := 0
	for _, node := range s.Selected() {
		h := s.Host(node.Name, facts.First)
		if h != nil && h.ResolvConf != nil && isStub(parseResolvConf(h.ResolvConf.Text)) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; hosts that ask systemd-resolved's stub: %d (the kubelet's resolvConf must bypass it)", n)
}

func onlyLoopback(r resolvConf) bool {
	return !slices.ContainsFunc(r.nameservers, func(a netip.Addr) bool { return !a.IsLoopback() })
}

// isStub: the file names systemd-resolved(8) alone, by either of its two addresses.
func isStub(r resolvConf) bool {
	return len(r.nameservers) == 1 && (r.nameservers[0].String() == "127.0.0.53" || r.nameservers[0].String() == "127.0.0.54")
}

func asksItself(s *facts.Snapshot, nameservers []netip.Addr) bool {
	return slices.ContainsFunc(s.Cluster.DNS, func(d netip.AddrPort) bool { return slices.Contains(nameservers, d.Addr()) })
}
