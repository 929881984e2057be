package cni

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// flannel (github.com/flannel-io/flannel, Documentation/backends.md): a route for
// each node, through VXLAN or by the peer's address (host-gw).
func flannel() Plugin {
	return Plugin{
		Word: "flannel", Display: "flannel", Namespace: "kube-flannel",
		DaemonSets: []string{"kube-flannel-ds", "kube-flannel"},
		ConfTypes:  []string{"flannel"},
		Devices: []Device{
			{Stem: "flannel.ipip", Role: Tunnel},
			{Stem: "flannel-wg", Role: Tunnel, UDP: 51820},
			{Stem: "flannel", Role: Tunnel, UDP: 8472}, // the kernel's own default; IANA's is 4789
		},
		Chains: []string{"FLANNEL-*"}, Tables: []string{"flannel-*"},
		Models:  []Model{NodeTunnel, NodeDirect},
		Peers:   []Port{{Protocol: "udp", Number: 8472, What: "VXLAN", Model: NodeTunnel}},
		Gateway: OfBridge, Policy: PolicyNo,
		Logs: flannelLogs(),
		Words: Words{
			Tunnel:        "flannel.1",
			Config:        "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml",
			Range:         "cat /run/flannel/subnet.env",
			Pools:         `kubectl -n kube-flannel get configmap kube-flannel-cfg -o jsonpath='{.data.net-conf\.json}'`,
			PodRange:      "net-conf.json: \"Network\", with --ip-masq",
			Hairpin:       "under \"delegate\" of cni-conf.json in its ConfigMap; its agents write the file when they start",
			MTU:           flannelMTU,
			Port:          flannelPort,
			Address:       flannelAddress,
			Published:     flannelPublished,
			NotReady:      "subnet.env: no such file",
			NotReadyMeans: "flannel has not written its configuration on this node",
		},
		published: flannelAnnotations,
	}
}

func flannelMTU(a Agent, _ int) Step {
	return Step{
		Text: "Restart flannel's agents: they take the MTU of the node's interface less the tunnel's overhead, unless net-conf.json names one " +
			"(\"Backend\": {\"MTU\": …}, of the outer packets), which has to be corrected first",
		Command: fmt.Sprintf("kubectl -n %s get configmap kube-flannel-cfg -o jsonpath='{.data.net-conf\\.json}'; %s", a.Namespace, a.Restart()),
	}
}

func flannelPort(a Agent, port int) Step {
	return Step{
		Text: fmt.Sprintf("move flannel's tunnel to a port that passes (%d here), and restart it everywhere", port),
		Command: fmt.Sprintf(`kubectl -n %[1]s get configmap kube-flannel-cfg -o yaml | sed 's/"Type": "vxlan"/"Type": "vxlan", "Port": %[2]d/' | `+
			`kubectl apply -f - && %[3]s`, a.Namespace, port, a.Restart()),
	}
}

func flannelAddress(_ Agent, node string, address netip.Addr) Step {
	return Step{
		Text:    "tell flannel which interface or address to use: argument --iface=ADDRESS of its DaemonSet (or an --iface-regex for all nodes), or the annotation",
		Command: fmt.Sprintf("kubectl annotate --overwrite node %s flannel.alpha.coreos.com/public-ip-overwrite=%s", node, address),
	}
}

func flannelPublished(node string) string {
	return "kubectl get node " + node + ` -o jsonpath='{.metadata.annotations.flannel\.alpha\.coreos\.com/backend-data}'`
}

// flannelAnnotations reads what flannel's kube subnet manager writes about a node
// (flannel, pkg/subnet/kube).
func flannelAnnotations(annotations map[string]string) facts.Published {
	const prefix = "flannel.alpha.coreos.com/"
	out := facts.Published{Backend: annotations[prefix+"backend-type"]}
	for _, name := range []string{"public-ip", "public-ipv6"} {
		if addr, err := netip.ParseAddr(annotations[prefix+name]); err == nil {
			out.Addrs = append(out.Addrs, addr)
		}
	}
	out.MAC, out.VNI = flannelBackend(annotations[prefix+"backend-data"])
	mac6, vni6 := flannelBackend(annotations[prefix+"backend-v6-data"])
	out.MAC6 = mac6
	if out.VNI == 0 {
		out.VNI = vni6
	}
	return out
}

// flannelBackend is the data of its VXLAN; other back ends write "null", or
// something without these fields.
func flannelBackend(text string) (mac string, vni int) {
	var data struct {
		VNI     int
		VtepMAC string
	}
	if json.Unmarshal([]byte(text), &data) != nil {
		return "", 0
	}
	return data.VtepMAC, data.VNI
}

// flannelLogs are from its sources (pkg/backend, pkg/trafficmngr, main.go).
func flannelLogs() []LogLine {
	const up = "running backend"
	const routes = "ip -d address; ip route show table all"
	return []LogLine{
		{
			Part: "failed to add vxlanroute", Lasting: true, Route: true, Look: routes,
			Means: "it could not set the route to another node's pods; something else has the address or a route inside that range",
		},
		{Part: "error adding route to", Lasting: true, Route: true, Look: "ip route show table all", Means: "it could not set the route to another node's pods"},
		{
			// Ten tries, each after twice the time of the one before: it takes a minute until it says what it tried.
			Part: "] #4: ", Route: true, Look: routes,
			Means: "the kernel refuses what it tries to set again and again, such as a route to another node's pods",
		},
		{Part: "addarp failed", Look: "ip neighbour show dev flannel.1", Means: "it could not set a neighbour entry of the tunnel"},
		{Part: "addfdb failed", Look: "bridge fdb show dev flannel.1", Means: "it could not set a forwarding entry of the tunnel"},
		{Part: "pod cidr not assigned", Until: up, Look: "ip -br address", Means: "the node has no pod CIDR: the controller manager does not allocate, or the range is used up"},
		{Part: "failed to find interface", Until: "using interface with name", Look: "ip -br address", Means: "no interface is as its configuration asks"},
		{Part: "failed to find any valid interface", Until: "using interface with name", Look: "ip -br address", Means: "no interface is as its configuration asks"},
		{Part: "error registering network", Until: up, Look: "ip -d link show", Means: "it could not make its tunnel, or write its lease"},
		{Part: "failed to ensure iptables", Until: "bootstrap done", Look: "iptables -S FORWARD", Means: "it could not write its firewall rules"},
		{Part: "failed to bootstrap iptables", Until: "bootstrap done", Look: "iptables -S FORWARD", Means: "it could not write its firewall rules"},
		{Part: "failed to setup iptables", Until: "bootstrap done", Look: "iptables -S FORWARD", Means: "it could not write its firewall rules"},
	}
}
