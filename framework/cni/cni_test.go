package cni_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestDaemonSetsTellThePlugin(t *testing.T) {
	for set, want := range map[string]string{
		"kube-flannel-ds": "flannel", "kube-flannel-ds-amd64": "flannel", "calico-node": "calico", "canal": "canal", "rke2-canal": "canal",
		"cilium": "cilium", "cilium-envoy": "", "kindnet": "kindnet", "kube-router": "kube-router", "antrea-agent": "antrea",
		"weave-net": "weave", "kube-ovn-cni": "kube-ovn", "ovnkube-node": "ovn-kubernetes", "aws-node": "aws-vpc", "kube-proxy": "", "node-exporter": "",
	} {
		p, ok := cni.ByDaemonSet(set)
		if p.Word != want || ok != (want != "") {
			t.Errorf("%s is taken for %q, want %q", set, p.Word, want)
		}
	}
}

func TestDevicesTellThePluginAndTheirRole(t *testing.T) {
	for name, want := range map[string]struct {
		word string
		role cni.Role
	}{
		"flannel.1": {"flannel", cni.Tunnel}, "flannel-v6.1": {"flannel", cni.Tunnel}, "vxlan.calico": {"calico", cni.Tunnel},
		"tunl0": {"calico", cni.Tunnel}, "cali39e483980e3": {"calico", cni.PodEnd}, "cilium_vxlan": {"cilium", cni.Tunnel},
		"cilium_host": {"cilium", cni.GatewayDev}, "cilium_net": {"cilium", cni.Proxy}, "lxc7fdbef64fe99": {"cilium", cni.PodEnd},
		"kube-bridge": {"kube-router", cni.Bridge}, "cni0": {"bridge", cni.Bridge}, "eth0": {}, "veth1a2b": {}, "tunl01": {},
	} {
		p, d, _ := cni.ByDevice(name)
		if p.Word != want.word || d.Role != want.role {
			t.Errorf("%s is taken for %q of %q", name, d.Role, p.Word)
		}
	}
}

func TestChainsAndTablesTellThePlugin(t *testing.T) {
	for chain, want := range map[string]string{
		"FLANNEL-FWD": "flannel", "cali-FORWARD": "calico", "CILIUM_POST_nat": "cilium", "KUBE-ROUTER-INPUT": "kube-router",
		"KUBE-POD-FW-ABC": "kube-router", "KUBE-SERVICES": "", "KIND-MASQ-AGENT": "kindnet", "CNI-HOSTPORT-DNAT": "bridge", "INPUT": "",
	} {
		if p, _ := cni.ByChain(chain); p.Word != want {
			t.Errorf("%s is taken for one of %q", chain, p.Word)
		}
	}
	for table, want := range map[string]string{"calico-arp": "calico", "flannel-ipv4": "flannel", "kindnet-network-policies": "kindnet", "kube-proxy": "", "filter": ""} {
		if p, _ := cni.ByTable(table); p.Word != want {
			t.Errorf("table %s is taken for one of %q", table, p.Word)
		}
	}
}

func TestAnUnknownPluginIsUsable(t *testing.T) {
	p := cni.Of(&facts.Snapshot{Cluster: facts.Cluster{CNI: "of-tomorrow"}})
	if p.Known() || p.Name() != "the network plugin" || p.AgentName() != "" || p.Only() != cni.Unknown || !p.Can(cni.NodeTunnel) || p.Is("flannel") {
		t.Errorf("%+v", p)
	}
}

func TestCanalIsBothOfItsParts(t *testing.T) {
	p := cni.Named("canal")
	if !p.Is("flannel") || !p.Is("calico") || p.Is("cilium") || !p.Chain("FLANNEL-FWD") || !p.Chain("cali-FORWARD") || p.Usual() != cni.NodeTunnel {
		t.Errorf("%+v", p)
	}
}

func TestWhatPluginsPublishIsRead(t *testing.T) {
	calico := cni.Published(map[string]string{"projectcalico.org/IPv4Address": "10.89.4.11/24", "projectcalico.org/IPv4VXLANTunnelAddr": "10.244.240.128"})
	if calico == nil || calico.By != "calico" || calico.Backend != "vxlan" || !slices.Equal(calico.Addrs, []netip.Addr{netip.MustParseAddr("10.89.4.11")}) ||
		!slices.Equal(calico.Tunnels, []netip.Addr{netip.MustParseAddr("10.244.240.128")}) {
		t.Errorf("calico: %+v", calico)
	}
	cilium := cni.Published(map[string]string{"network.cilium.io/ipv4-pod-cidr": "10.0.1.0/24", "network.cilium.io/ipv4-cilium-host": "10.0.1.54"})
	if cilium == nil || cilium.By != "cilium" || len(cilium.PodCIDRs) != 1 || len(cilium.Tunnels) != 1 {
		t.Errorf("cilium: %+v", cilium)
	}
	if got := cni.Published(map[string]string{"kubeadm.alpha.kubernetes.io/cri-socket": "unix:///run/containerd/containerd.sock"}); got != nil {
		t.Errorf("nobody's: %+v", got)
	}
}

// TestEveryPluginIsComplete: what every plugin has to say, and that its steps are
// about itself.
func TestEveryPluginIsComplete(t *testing.T) {
	seen := map[string]bool{}
	agent := cni.Agent{Namespace: "ns", DaemonSet: "agent"}
	for _, p := range cni.All() {
		if p.Word == "" || p.Display == "" || len(p.Models) == 0 || p.Policy == cni.PolicyUnknown || p.Gateway == cni.NoGateway || seen[p.Word] {
			t.Errorf("%s is not complete, or is there twice", p.Word)
		}
		seen[p.Word] = true
		for _, l := range p.Logs {
			if l.Part == "" || l.Part != strings.ToLower(l.Part) || l.Until != strings.ToLower(l.Until) || l.Means == "" || l.Look == "" {
				t.Errorf("%s: the log line %+v is not complete", p.Word, l)
			}
		}
		var steps []cni.Step
		if p.Words.MTU != nil {
			steps = append(steps, p.Words.MTU(agent, 1400))
		}
		if p.Words.Port != nil {
			steps = append(steps, p.Words.Port(agent, 8475))
		}
		if p.Words.Address != nil {
			steps = append(steps, p.Words.Address(agent, "n1", netip.MustParseAddr("10.0.0.1")))
		}
		for _, show := range []func(cni.Agent, string) cni.Step{p.Words.Sessions, p.Words.Programs} {
			if show != nil {
				steps = append(steps, show(agent, "agent-1"))
			}
		}
		for _, s := range steps {
			if s.Text == "" || s.Command == "" || names(s.Text+s.Command, p) {
				t.Errorf("%s: the step %+v is empty, or names another plugin", p.Word, s)
			}
		}
	}
}

// names says whether a text names another plugin.
func names(text string, of cni.Plugin) bool {
	return slices.ContainsFunc(cni.All(), func(p cni.Plugin) bool {
		return !of.Is(p.Word) && !p.Is(of.Word) && p.Word != "bridge" && strings.Contains(strings.ToLower(text), p.Word)
	})
}
