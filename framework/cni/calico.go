package cni

import (
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// calico (docs.tigera.io): each node takes blocks of addresses (/26) from pools;
// routes for other nodes' blocks go through VXLAN, IPIP, or by BGP without a tunnel.
// Felix keeps neighbour and forwarding entries for each peer of vxlan.calico, and
// throws away what is for free addresses of a node's own blocks (proto 80).
func calico() Plugin {
	return Plugin{
		Word: "calico", Display: "Calico", Namespace: "kube-system",
		DaemonSets: []string{"calico-node"},
		ConfTypes:  []string{"calico"},
		Devices: []Device{
			{Stem: "tunl0", Role: Tunnel, Exact: true},
			{Stem: "vxlan.calico", Role: Tunnel, UDP: 4789},
			{Stem: "vxlan-v6.calico", Role: Tunnel, UDP: 4789},
			{Stem: "wireguard.cali", Role: Tunnel, UDP: 51820},
			{Stem: "wg-v6.cali", Role: Tunnel, UDP: 51821},
			{Stem: "bpfin.cali", Role: Proxy},
			{Stem: "bpfout.cali", Role: Proxy},
			{Stem: "bpfnatin", Role: Proxy},
			{Stem: "bpfnatout", Role: Proxy},
			{Stem: "cali", Role: PodEnd},
		},
		Chains: []string{"cali-*", "cali*"}, Tables: []string{"calico", "calico-*"},
		Models: []Model{Blocks},
		Peers: []Port{
			{Protocol: "udp", Number: 4789, What: "VXLAN", Model: Blocks},
			{Protocol: "tcp", Number: 179, What: "BGP", Model: Blocks},
			{Protocol: "ipip", What: "IP in IP", Model: Blocks},
			{Protocol: "tcp", Number: 5473, What: "Typha", Model: Blocks},
		},
		Gateway: LinkLocal, Policy: PolicyYes, ReplacesProxy: true,
		Logs: []LogLine{
			{Part: "unable to auto-detect", Until: "using autodetected", Look: "ip -br address", Means: "it found no address of the node to use"},
			{Part: "conflicts with", Lasting: true, Look: "ip -br address", Means: "two nodes claim one address"},
			{Part: "is already using the ipv4 address", Lasting: true, Look: "ip -br address", Means: "two nodes claim one address"},
			{Part: "bird is not ready", Look: "ss -tnp state established '( dport = :179 or sport = :179 )'", Means: "it has no BGP session with another node"},
		},
		Words: Words{
			Tunnel:    "vxlan.calico",
			Config:    "kubectl get felixconfigurations.crd.projectcalico.org,ippools.crd.projectcalico.org -o yaml",
			Range:     "ip route show type blackhole; ip route show proto 80",
			Pools:     "kubectl get ippools.crd.projectcalico.org,blockaffinities.crd.projectcalico.org",
			PodRange:  "the CIDR of its IPPools, and natOutgoing there",
			MTU:       calicoMTU,
			Port:      calicoPort,
			Address:   calicoAddress,
			Published: calicoPublished,
			Sessions:  calicoSessions,
			Policies:  []string{"networkpolicies.crd.projectcalico.org", "globalnetworkpolicies.crd.projectcalico.org"},
		},
		published: calicoAnnotations,
	}
}

func calicoMTU(a Agent, mtu int) Step {
	return Step{
		Text: fmt.Sprintf("Set Calico's MTU to %d (for pods), and let its agents start anew; pods take it when they are made anew", mtu),
		Command: fmt.Sprintf(`kubectl patch installation.operator.tigera.io default --type merge -p '{"spec":{"calicoNetwork":{"mtu":%d}}}' || `+
			`{ kubectl -n %s patch configmap calico-config --type merge -p '{"data":{"veth_mtu":"%d"}}' && %s; }`, mtu, a.Namespace, mtu, a.Restart()),
	}
}

func calicoPort(_ Agent, port int) Step {
	return Step{
		Text:    fmt.Sprintf("move Calico's tunnel to a port that passes (%d here)", port),
		Command: fmt.Sprintf(`kubectl patch felixconfigurations.crd.projectcalico.org default --type merge -p '{"spec":{"vxlanPort":%d}}'`, port),
	}
}

func canalMTU(a Agent, mtu int) Step {
	return Step{
		Text:    fmt.Sprintf("Set Canal's MTU to %d (for pods), and let its agents start anew; pods take it when they are made anew", mtu),
		Command: fmt.Sprintf(`kubectl -n %s patch configmap canal-config --type merge -p '{"data":{"veth_mtu":"%d"}}' && %s`, a.Namespace, mtu, a.Restart()),
	}
}

func canalPort(a Agent, port int) Step {
	return Step{
		Text: fmt.Sprintf("move Canal's tunnel to a port that passes (%d here), and restart it everywhere", port),
		Command: fmt.Sprintf(`kubectl -n %[1]s get configmap canal-config -o yaml | sed 's/"Type": "vxlan"/"Type": "vxlan", "Port": %[2]d/' | kubectl apply -f - && %[3]s`,
			a.Namespace, port, a.Restart()),
	}
}

func calicoAddress(a Agent, _ string, _ netip.Addr) Step {
	return Step{
		Text:    "let Calico take each node's InternalIP instead of the first address that it finds",
		Command: fmt.Sprintf("kubectl -n %s set env daemonset/%s IP_AUTODETECTION_METHOD=kubernetes-internal-ip", a.Namespace, a.DaemonSet),
	}
}

func calicoPublished(node string) string {
	return "kubectl get node " + node + " -o yaml | grep projectcalico.org/"
}

func calicoSessions(a Agent, pod string) Step {
	return Step{
		Text:    "See which BGP sessions are up: \"Established\" must stand at every peer",
		Command: fmt.Sprintf("kubectl -n %s exec %s -c calico-node -- birdcl -s /var/run/calico/bird.ctl show protocols", a.Namespace, pod),
	}
}

// calicoAnnotations reads what calico-node writes about its node (libcalico-go,
// lib/backend/k8s/conversion: the annotations projectcalico.org/*).
func calicoAnnotations(annotations map[string]string) facts.Published {
	const prefix = "projectcalico.org/"
	var out facts.Published
	for _, name := range []string{"IPv4Address", "IPv6Address"} {
		if p, err := netip.ParsePrefix(annotations[prefix+name]); err == nil {
			out.Addrs = append(out.Addrs, p.Addr())
		} else if a, err := netip.ParseAddr(annotations[prefix+name]); err == nil {
			out.Addrs = append(out.Addrs, a)
		}
	}
	for _, t := range []struct{ name, backend string }{
		{"IPv4VXLANTunnelAddr", "vxlan"}, {"IPv6VXLANTunnelAddr", "vxlan"}, {"IPv4IPIPTunnelAddr", "ipip"},
	} {
		if a, err := netip.ParseAddr(annotations[prefix+t.name]); err == nil {
			out.Tunnels = append(out.Tunnels, a)
			if out.Backend == "" {
				out.Backend = t.backend
			}
		}
	}
	return out
}
