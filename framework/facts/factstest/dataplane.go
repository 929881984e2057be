package factstest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// program writes what kube-proxy programs for the cluster's Services into the
// rules of every look: those of the suite itself are there at the last look only.
func program(s *facts.Snapshot) {
	for i := range s.Hosts {
		h := &s.Hosts[i]
		for _, f := range s.Cluster.Families {
			tool, base := "iptables-nft-save", strings.ReplaceAll(HealthyRules, "10.244.0.0/16", podRange(len(s.Nodes)))
			if f == facts.IPv6 {
				tool, base = "ip6tables-nft-save", healthyRules6()
			}
			at := slices.IndexFunc(h.Firewall, func(d facts.Dump) bool { return d.Tool == tool })
			h.Firewall[at].Text = programmed(base, s.Cluster.Services, f, h.Look)
		}
	}
}

// healthyRules6 are the rules of IPv6: the same, with its own addresses.
func healthyRules6() string {
	var kept []string
	for line := range strings.Lines(HealthyRules) {
		if !strings.Contains(line, " -d 10.96.") {
			kept = append(kept, line)
		}
	}
	return strings.NewReplacer("10.244.0.0/16", "fd00:244::/32", "224.0.0.0/4", "ff00::/8", "127.0.0.0/8", "::1/128").Replace(strings.Join(kept, ""))
}

// programmed adds to rules what leads from each Service to its endpoints.
func programmed(base string, services []facts.ClusterService, f facts.Family, look facts.Look) string {
	chains := map[string]bool{}
	var rules []string
	add := func(chain, rule string) {
		if text := "-A " + chain + " " + rule; !strings.Contains(base, text+"\n") {
			rules = append(rules, text)
		}
		chains[chain] = true
	}
	for _, svc := range services {
		if svc.Own && look == facts.First || svc.Headless {
			continue
		}
		for _, a := range svc.Addrs {
			if a.Is4() == (f == facts.IPv4) {
				for _, p := range svc.Ports {
					entrances(add, svc, a, p)
				}
			}
		}
	}
	add("KUBE-SERVICES", `-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`)
	var declared []string
	for chain := range chains {
		if line := ":" + chain + " - [0:0]\n"; !strings.Contains(base, line) {
			declared = append(declared, line)
		}
	}
	slices.Sort(declared)
	base = strings.Replace(base, ":KUBE-SERVICES - [0:0]\n", ":KUBE-SERVICES - [0:0]\n"+strings.Join(declared, ""), 1)
	return strings.Replace(base, "COMMIT\n", strings.Join(rules, "\n")+"\nCOMMIT\n", 1)
}

// entrances is one port of a Service at one of its addresses.
func entrances(add func(chain, rule string), svc facts.ClusterService, a netip.Addr, p facts.ServicePort) {
	name := fmt.Sprintf("%s/%s:%s", svc.Namespace, svc.Name, p.Name)
	proto, suffix := strings.ToLower(p.Proto), chainSuffix(name)
	add("KUBE-SERVICES", fmt.Sprintf(`-d %s/%d -p %s -m comment --comment "%s cluster IP" -m %s --dport %d -j KUBE-SVC-%s`,
		a, a.BitLen(), proto, name, proto, p.Port, suffix))
	if p.NodePort != 0 {
		add("KUBE-NODEPORTS", fmt.Sprintf(`-p %s -m comment --comment %s -m %s --dport %d -j KUBE-EXT-%s`, proto, name, proto, p.NodePort, suffix))
		add("KUBE-EXT-"+suffix, "-j KUBE-MARK-MASQ")
		add("KUBE-EXT-"+suffix, "-j KUBE-SVC-"+suffix)
	}
	for _, e := range svc.Endpoints {
		if e.PortName != p.Name || !e.Ready || e.Addr.Is4() != a.Is4() {
			continue
		}
		to := netip.AddrPortFrom(e.Addr, e.Port)
		sep := "KUBE-SEP-" + chainSuffix(name+to.String())
		add("KUBE-SVC-"+suffix, fmt.Sprintf(`-m comment --comment "%s -> %s" -m statistic --mode random --probability 0.50000000000 -j %s`, name, to, sep))
		add(sep, fmt.Sprintf(`-p %s -m %s -j DNAT --to-destination %s`, proto, proto, to))
	}
}

// chainSuffix stands for the hash that kube-proxy makes of a name: the known
// Services have their real one.
func chainSuffix(name string) string {
	switch name {
	case "default/kubernetes:https":
		return "NPX46M4PTMTKRN6Y"
	case "kube-system/kube-dns:dns":
		return "TCOU7JCQXEZGVUNU"
	case "kube-system/kube-dns:dns-tcp":
		return "ERIFXISQEP7F7OF4"
	default:
		var sum uint64 = 14695981039346656037 // FNV-1a
		for _, b := range []byte(name) {
			sum = (sum ^ uint64(b)) * 1099511628211
		}
		return fmt.Sprintf("%016X", sum)
	}
}
