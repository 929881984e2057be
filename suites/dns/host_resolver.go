package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
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
	says := ""
	switch {
	case len(r.nameservers) == 0:
		says = fmt.Sprintf("%s of the host %s names no nameserver", h.ResolvConf.Path, node)
	case asksItself(s, r.nameservers):
		says = fmt.Sprintf("%s of the host %s names the cluster DNS, and the cluster DNS may in turn ask the host's resolver: a loop", h.ResolvConf.Path, node)
	case onlyLoopback(r) && !isStub(r):
		says = fmt.Sprintf("%s of the host %s names only %s, which a pod cannot reach; the kubelet's resolvConf must point elsewhere",
			h.ResolvConf.Path, node, r.nameservers[0])
	default:
		return nil
	}
	return []check.Finding{{
		Subject: node + " (host)", Nodes: []string{node}, Verdict: check.Warn, Says: says,
		Evidence: []check.Evidence{{Node: node, Source: "host " + h.ResolvConf.Path, Text: strings.TrimSpace(h.ResolvConf.Text)}},
		Remedy: []check.Remedy{{
			Text: "See which file the kubelet hands to pods; with systemd-resolved it must be /run/systemd/resolve/resolv.conf", Node: node,
			Command: "grep -n resolvConf /var/lib/kubelet/config.yaml; cat /run/systemd/resolve/resolv.conf",
		}},
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

// isStub: the file names systemd-resolved(8) alone.
func isStub(r resolvConf) bool {
	return len(r.nameservers) == 1 && r.nameservers[0].String() == "127.0.0.53"
}

func asksItself(s *facts.Snapshot, nameservers []netip.Addr) bool {
	return slices.ContainsFunc(s.Cluster.DNS, func(d netip.AddrPort) bool { return slices.Contains(nameservers, d.Addr()) })
}
