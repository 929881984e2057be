package cni

import (
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// cilium (docs.cilium.io): routes to pods lead to cilium_host, behind which BPF
// programs encapsulate (VXLAN, Geneve) or send as they are. cilium_vxlan takes its
// destination from the program for each packet (external).
func cilium() Plugin {
	return Plugin{
		Word: "cilium", Display: "Cilium", Namespace: "kube-system",
		DaemonSets: []string{"cilium", "anetd"},
		NotAgents:  []string{"cilium-envoy", "cilium-node-init", "cilium-operator", "cilium-test"},
		ConfTypes:  []string{"cilium-cni"},
		Devices: []Device{
			{Stem: "cilium_vxlan", Role: Tunnel, UDP: 8472},
			{Stem: "cilium_geneve", Role: Tunnel, UDP: 6081},
			{Stem: "cilium_wg", Role: Tunnel, UDP: 51871},
			{Stem: "cilium_host", Role: GatewayDev},
			{Stem: "cilium_", Role: Proxy},
			{Stem: "lxc", Role: PodEnd},
		},
		Chains: []string{"CILIUM_*", "OLD_CILIUM_*"},
		Models: []Model{EBPF},
		Peers: []Port{
			{Protocol: "udp", Number: 8472, What: "VXLAN", Model: EBPF},
			{Protocol: "tcp", Number: 4240, What: "health checks", Model: EBPF},
		},
		Gateway: ByProgram, Policy: PolicyYes, ReplacesProxy: true,
		Logs: []LogLine{
			{Part: "level=fatal", Look: "ip -br link", Means: "the agent gave up"},
			{Part: "unable to contact k8s api-server", Until: "connected to apiserver", Look: "curl -sk https://127.0.0.1:6443/livez", Means: "it does not reach the API server"},
		},
		Words: Words{
			Tunnel:   "cilium_vxlan",
			Config:   "kubectl -n kube-system get configmap cilium-config -o yaml",
			Range:    "ip -br address show dev cilium_host; ip route show dev cilium_host",
			Pools:    "kubectl get ciliumnodes.cilium.io -o custom-columns=NODE:.metadata.name,CIDRS:.spec.ipam.podCIDRs",
			PodRange: "cilium-config: ipv4-native-routing-cidr, or cluster-pool-ipv4-cidr",
			MTU:      ciliumMTU,
			Port:     ciliumPort,
			Sessions: ciliumSessions,
			Programs: ciliumPrograms,
			Policies: []string{"ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io"},
		},
		published: ciliumAnnotations,
	}
}

func ciliumMTU(a Agent, mtu int) Step {
	return Step{
		Text:    fmt.Sprintf("Set Cilium's MTU to %d (for pods), and let its agents start anew; pods take it when they are made anew", mtu),
		Command: fmt.Sprintf(`kubectl -n %s patch configmap cilium-config --type merge -p '{"data":{"mtu":"%d"}}' && %s`, a.Namespace, mtu, a.Restart()),
	}
}

func ciliumPort(a Agent, port int) Step {
	return Step{
		Text:    fmt.Sprintf("move Cilium's tunnel to a port that passes (%d here), and restart it everywhere", port),
		Command: fmt.Sprintf(`kubectl -n %s patch configmap cilium-config --type merge -p '{"data":{"tunnel-port":"%d"}}' && %s`, a.Namespace, port, a.Restart()),
	}
}

func ciliumSessions(a Agent, pod string) Step {
	return Step{
		Text:    "See which nodes and pods the agent reaches, by its own probes",
		Command: fmt.Sprintf("kubectl -n %s exec %s -c cilium-agent -- cilium-health status --probe", a.Namespace, pod),
	}
}

func ciliumPrograms(a Agent, pod string) Step {
	return Step{
		Text:    "See what its maps say: Services, and to which node each pod address belongs",
		Command: fmt.Sprintf("kubectl -n %s exec %s -c cilium-agent -- sh -c 'cilium-dbg status; cilium-dbg service list; cilium-dbg bpf ipcache list'", a.Namespace, pod),
	}
}

// ciliumAnnotations reads what the agent writes about its node where it is
// configured to (annotate-k8s-node).
func ciliumAnnotations(annotations map[string]string) facts.Published {
	const prefix = "network.cilium.io/"
	var out facts.Published
	for _, name := range []string{"ipv4-pod-cidr", "ipv6-pod-cidr"} {
		if p, err := netip.ParsePrefix(annotations[prefix+name]); err == nil {
			out.PodCIDRs = append(out.PodCIDRs, p.Masked())
		}
	}
	for _, name := range []string{"ipv4-cilium-host", "ipv6-cilium-host"} {
		if a, err := netip.ParseAddr(annotations[prefix+name]); err == nil {
			out.Tunnels = append(out.Tunnels, a)
		}
	}
	return out
}
