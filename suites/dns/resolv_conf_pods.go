package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// podFindings holds a pod's file against what the kubelet writes for dnsPolicy
// ClusterFirst (Kubernetes documentation, "DNS for Services and Pods"). The second
// result is the node-local cache that stands in for the Service; empty where none does.
func podFindings(s *facts.Snapshot, node string, text *facts.Text) ([]check.Finding, string) {
	r := parseResolvConf(text.Text)
	var wrong []string
	local := ""
	for _, ns := range r.nameservers {
		switch {
		case recognise.IsCache(s, node, ns):
			local = ns.String() // whether it responds is what dns/nameserver says
		case !recognise.IsService(s, ns) && !resolves(s, node, ns):
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
		return nil, local
	}
	return []check.Finding{{
		Subject: node, Nodes: []string{node}, Verdict: check.Fail,
		Says:     fmt.Sprintf("pods of %s are told the wrong resolver: %s", node, strings.Join(wrong, "; ")),
		Evidence: []check.Evidence{{Node: node, Source: "probe pod " + text.Path, Text: strings.TrimSpace(text.Text)}},
		Remedy:   podRemedy(s, node),
	}}, local
}

// resolves says whether a nameserver answered this node's pods rightly for a name
// that only a cluster DNS knows: then it is one, whatever it is called.
func resolves(s *facts.Snapshot, node string, addr netip.Addr) bool {
	for _, m := range s.Matrices {
		if m.Flow.To != facts.ToNodeDNS || m.Flow.From != facts.FromPod {
			continue
		}
		column := slices.IndexFunc(m.Targets, func(t facts.Target) bool { return t.Addr == addr })
		for _, row := range m.Rows {
			if row.From.Node == node && column >= 0 && column < len(row.Cells) && row.Cells[column].Outcome == facts.OK {
				return true
			}
		}
	}
	return false
}

// rightNameservers are those that pods ought to be given: what most other nodes
// give theirs, if that is right, else the Service.
func rightNameservers(s *facts.Snapshot, node string) []string {
	nodes := map[string]int{}
	best := ""
	for _, n := range s.Selected() {
		list, _ := recognise.Nameservers(s, n.Name)
		if n.Name == node || len(list) == 0 || slices.ContainsFunc(list, func(a netip.Addr) bool {
			return !recognise.IsService(s, a) && !recognise.IsCache(s, n.Name, a) && !resolves(s, n.Name, a)
		}) {
			continue
		}
		var words []string
		for _, a := range list {
			words = append(words, a.String())
		}
		key := strings.Join(words, ", ")
		if nodes[key]++; nodes[key] > nodes[best] {
			best = key
		}
	}
	if best == "" {
		return strings.Split(addrList(s), ", ")
	}
	return strings.Split(best, ", ")
}

func podRemedy(s *facts.Snapshot, node string) []check.Remedy {
	d, _ := distribution.Recognise(s)
	config, right := d.KubeletConfig, strings.Join(rightNameservers(s, node), ", ")
	if h := s.Host(node, facts.First); h != nil && h.Kubelet != nil && len(h.Kubelet.Files) > 0 && d.Word == "" {
		config = h.Kubelet.Files[0]
	}
	restart := "systemctl restart " + strings.Join(d.Units[:1], " ")
	if len(d.Units) > 1 {
		restart = "systemctl try-restart " + strings.Join(d.Units, " ")
	}
	set := check.Remedy{
		Text: "Set clusterDNS in the kubelet's configuration, and restart it; pods keep the old file until they are made anew", Node: node,
		Command: fmt.Sprintf("sed -i '/^clusterDNS:/,/^[^-[:space:]]/{/^ *- /d}; s/^clusterDNS:.*/clusterDNS: [%s]/' %s && %s", right, config, restart),
	}
	if d.Word != "" && len(d.Kubelet) > 0 && !slices.Contains(d.Kubelet, config) || strings.HasSuffix(config, ".json") {
		set.Text = fmt.Sprintf("Set the cluster DNS to %s in %s (%s), and restart the node's service; pods keep the old file until they are made anew", right, config, d.Name)
		set.Command = restart
	}
	return []check.Remedy{{
		Purpose: check.Find, Text: "Compare clusterDNS and clusterDomain of this kubelet with another node's", Node: node,
		Command: "grep -nE -A2 'clusterDNS|clusterDomain|cluster-dns' " + config + "; ps -o args= -C kubelet",
	}, set, {
		Purpose: check.Last, Text: "Correct the configuration that new nodes get, and an upgrade writes (kubeadm), where it says the same", Command: "kubectl -n kube-system get configmap kubelet-config -o yaml | grep -nE -A2 'clusterDNS|clusterDomain'",
	}, {
		Purpose: check.Verify, Text: fmt.Sprintf("Check in a new pod: nameserver %s must stand there", right),
		Command: fmt.Sprintf(`kubectl run try-resolver --rm -i --restart=Never --image=busybox --overrides='{"spec":{"nodeName":"%s"}}' -- cat /etc/resolv.conf`, node),
	}}
}
