package cluster

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// configuration reads the ConfigMaps that kubeadm leaves, where there are any;
// other installers leave none, and the facts stay empty.
func (d *discovery) configuration(nodes []facts.Node) {
	d.proxyMode()
	d.domain()
	d.ranges(nodes)
}

func (d *discovery) configMap(name string) map[string]string {
	m, err := d.client.Set.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(d.ctx, name, metav1.GetOptions{})
	if d.failed("ConfigMap kube-system/"+name, err) {
		return nil
	}
	return m.Data
}

// proxyMode is what kube-proxy's ConfigMap says, where there is a kube-proxy: the
// ConfigMap outlives a DaemonSet that a network plugin took the place of. Without
// one the hosts tell (framework/recognise).
func (d *discovery) proxyMode() {
	if !d.out.KubeProxyExpected && len(d.out.KubeProxy) == 0 {
		return
	}
	var config struct {
		Mode string `json:"mode"`
	}
	text, found := d.configMap(kubeProxy)["config.conf"]
	switch {
	case found && yaml.Unmarshal([]byte(text), &config) == nil && config.Mode != "":
		d.out.ProxyMode = config.Mode
	case found:
		// Kubernetes' default on Linux (kube-proxy reference, --proxy-mode).
		d.out.ProxyMode = "iptables"
	}
}

// corefileZone finds the zone in a Corefile: "kubernetes cluster.local in-addr.arpa …".
var corefileZone = regexp.MustCompile(`(?m)^\s*kubernetes\s+([a-z0-9.-]+)`)

func (d *discovery) domain() {
	if m := corefileZone.FindStringSubmatch(d.configMap("coredns")["Corefile"]); m != nil {
		d.out.Domain = strings.TrimSuffix(m[1], ".")
	}
}

func (d *discovery) ranges(nodes []facts.Node) {
	var config struct {
		Networking struct {
			PodSubnet     string `json:"podSubnet"`
			ServiceSubnet string `json:"serviceSubnet"`
		} `json:"networking"`
	}
	if text, ok := d.configMap("kubeadm-config")["ClusterConfiguration"]; ok {
		if err := yaml.Unmarshal([]byte(text), &config); err == nil {
			d.out.PodCIDRs = prefixes(strings.Split(config.Networking.PodSubnet, ","))
			d.out.ServiceCIDR = prefixes(strings.Split(config.Networking.ServiceSubnet, ","))
		}
	}
	if len(d.out.ServiceCIDR) == 0 {
		d.serviceCIDRs()
	}
	if len(d.out.PodCIDRs) == 0 {
		d.out.PodCIDRs = podRanges(nodes)
	}
}

// serviceCIDRs asks the API that knows (networking.k8s.io/v1, Kubernetes 1.33 and later).
func (d *discovery) serviceCIDRs() {
	list, err := d.client.Set.NetworkingV1().ServiceCIDRs().List(d.ctx, metav1.ListOptions{})
	if d.failed("ServiceCIDRs", err) {
		return
	}
	for _, c := range list.Items {
		d.out.ServiceCIDR = append(d.out.ServiceCIDR, prefixes(c.Spec.CIDRs)...)
	}
	slices.SortFunc(d.out.ServiceCIDR, func(a, b netip.Prefix) int { return strings.Compare(a.String(), b.String()) })
}

// podRanges gives the nodes' own ranges where nobody tells the whole.
func podRanges(nodes []facts.Node) []netip.Prefix {
	var out []netip.Prefix
	for _, n := range nodes {
		out = append(out, n.PodCIDRs...)
	}
	return out
}
