package firewall

import (
	"path"
	"sync"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// owners are all that are known; the plugins come first, because a name may begin
// like one of Kubernetes' own.
var owners = sync.OnceValue(func() []owner {
	var out []owner
	for _, p := range cni.All() {
		if len(p.Parts) > 0 || len(p.Chains)+len(p.Tables) == 0 {
			continue // its parts stand for it
		}
		out = append(out, owner{name: p.Display, plugin: p, member: true, chains: p.Chains, tables: p.Tables})
	}
	return append(out, others...)
})

// owner is somebody who is known to make chains, told by their names.
type owner struct {
	name string
	// plugin is the network plugin that it is; the zero value for anybody else.
	plugin cni.Plugin
	// member: part of the cluster's own network, or of the container runtime.
	member bool
	// chains and tables are patterns as in path.Match; tables are native nft ones.
	chains, tables []string
	// stop switches it off on a node, where that is the usual remedy.
	stop string
}

// owners are the network plugins of framework/cni, and these; a new one is a line here. Sources are the projects' own
// documentation and code.
var others = []owner{
	{name: "Kubernetes", member: true, chains: []string{"KUBE-*"}, tables: []string{"kube-proxy", "nodelocaldns"}},
	{name: "ip-masq-agent", member: true, chains: []string{"IP-MASQ*"}, tables: []string{"ip-masq*"}},
	{name: "Istio", member: true, chains: []string{"ISTIO_*"}},
	{name: "Docker", member: true, chains: []string{"DOCKER*"}, tables: []string{"docker-*"}},
	{name: "Podman", member: true, chains: []string{"NETAVARK*"}, tables: []string{"netavark"}},
	{name: "nerdctl", member: true, chains: []string{"NERDCTL*"}},

	{
		name: "firewalld", stop: "systemctl disable --now firewalld",
		chains: []string{
			"IN_*", "FWDI_*", "FWDO_*", "FWD_*", "PRE_*", "POST_*", "*_ZONES", "*_ZONES_SOURCE", "*_direct", "*_POLICIES_pre", "*_POLICIES_post", "*_POLICIES",
		},
		tables: []string{"firewalld", "firewalld_*"},
	},
	{name: "ufw", chains: []string{"ufw-*", "ufw6-*"}, stop: "ufw disable"},
	{name: "fail2ban", chains: []string{"f2b-*", "fail2ban-*"}, tables: []string{"f2b-*"}},
	{name: "CrowdSec", chains: []string{"CROWDSEC*"}, tables: []string{"crowdsec*"}},
	{name: "SSHGuard", chains: []string{"sshguard"}, tables: []string{"sshguard*"}},
	{name: "libvirt", chains: []string{"LIBVIRT_*"}, tables: []string{"libvirt_*"}},
	{name: "LXD or Incus", chains: []string{"lxd_*", "incus_*"}, tables: []string{"lxd", "incus", "lxc"}},
	{name: "Tailscale", chains: []string{"ts-*"}},
	{name: "wg-quick", tables: []string{"wg-quick-*"}},
	{name: "NetworkManager", tables: []string{"nm-*"}},
	{name: "SuSEfirewall2", chains: []string{"input_ext", "input_int", "input_dmz", "forward_ext", "forward_int", "forward_dmz", "reject_func"}},
	{name: "Red Hat's old firewall script", chains: []string{"RH-Firewall-*"}},
	{name: "Oracle Cloud", chains: []string{"InstanceServices", "BareMetalInstanceServices"}},
	{name: "NixOS", chains: []string{"nixos-*"}, tables: []string{"nixos-fw"}},
	{name: "ConfigServer Firewall (csf)", chains: []string{"LOCALINPUT", "LOCALOUTPUT", "DENYIN", "DENYOUT", "ALLOWIN", "ALLOWOUT", "LOGDROPIN", "LOGDROPOUT"}},
	{name: "Shorewall", chains: []string{"net2fw", "net-fw", "fw2net", "fw-net", "net_frwd", "shorewall"}},
}

// ownerOf tells whose a chain is; ok is false where nobody known makes such a
// chain. A native nft table is told by its own name: chains are private to it.
func ownerOf(c netfilter.Chain) (owner, bool) {
	for _, o := range owners() {
		patterns, name := o.chains, c.Name
		if native(c) {
			patterns, name = o.tables, c.Table
		}
		for _, p := range patterns {
			if hit, err := path.Match(p, name); err == nil && hit {
				return o, true
			}
		}
	}
	return owner{}, false
}

// native: a chain of nft's own, not of an iptables table.
func native(c netfilter.Chain) bool { return c.Tool == "nft" }

// rangeAt is the setting that holds the pod range of whose rules rewrite sources.
func (o owner) rangeAt() string {
	if o.plugin.Known() {
		return o.plugin.Words.PodRange
	}
	return "kube-proxy: --cluster-cidr"
}
