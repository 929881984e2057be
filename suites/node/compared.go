package node

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// The classes of facts that are compared.
const (
	ofVersions = "versions"
	ofSettings = "network settings"
	ofDNS      = "resolv.conf"
	ofFirewall = "firewall back end"
	ofProxy    = "proxy mode"
	ofCNI      = "CNI files"
)

// read notes what ought to be equal on one node.
func (c comparedFacts) read(n facts.Node, h *facts.HostLook) {
	kernel := h.Kernel
	if kernel == "" {
		kernel = n.Kernel
	}
	for name, value := range map[string]string{"the kernel": kernel, "the operating system": n.OS, "the kubelet": n.Kubelet, "the container runtime": n.Runtime} {
		if value != "" {
			c.set(ofVersions, name, n.Name, value)
		}
	}
	for name, value := range h.Sysctls {
		if !ofThisMachine(h, name) {
			c.set(ofSettings, name, n.Name, value)
		}
	}
	if h.ResolvConf != nil && h.ResolvConf.NotRun == "" {
		c.set(ofDNS, h.ResolvConf.Path, n.Name, withoutComments(h.ResolvConf.Text))
	}
	if backend := backendOf(h); backend != "" {
		c.set(ofFirewall, "the back end of iptables with rules in it", n.Name, backend)
	}
	if h.ProxyMode != nil && h.ProxyMode.NotRun == "" {
		c.set(ofProxy, "kube-proxy's mode", n.Name, h.ProxyMode.Text)
	}
	if h.CNI != nil {
		for _, f := range h.CNI.Files {
			if f.NotRun == "" && (strings.HasSuffix(f.Path, ".conf") || strings.HasSuffix(f.Path, ".conflist")) {
				c.set(ofCNI, path.Base(f.Path), n.Name, ofAnyNode(f.Text, n))
			}
		}
	}
}

// ofAnyNode takes out of a CNI configuration what names this node: some plugins
// write its name there, or its pod CIDR.
func ofAnyNode(text string, n facts.Node) string {
	text = strings.ReplaceAll(text, strconv.Quote(n.Name), `"NODE"`)
	for _, p := range n.PodCIDRs {
		text = strings.ReplaceAll(text, p.String(), "CIDR")
	}
	return text
}

func withoutComments(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// backendOf is which back ends of iptables hold rules on a host; empty where none
// does, which depends on the pods that happen to be there (hostPorts).
func backendOf(h *facts.HostLook) string {
	var out []string
	for _, backend := range []string{"legacy", "nft"} {
		if slices.ContainsFunc(h.Firewall, func(d facts.Dump) bool {
			return d.NotRun == "" && strings.HasSuffix(d.Tool, "-"+backend+"-save") && strings.Contains("\n"+d.Text, "\n-A ")
		}) {
			out = append(out, backend)
		}
	}
	return strings.Join(out, " and ")
}

// absenceCounts: a setting or a file that some nodes have and others have not
// is a difference; one of a single interface is compared only where all have it.
func absenceCounts(k fact) bool {
	if k.class == ofCNI {
		return true
	}
	return k.class == ofSettings && !ofAnInterface(k.name)
}

// ofAnInterface says whether a setting stands for one interface.
func ofAnInterface(name string) bool {
	for _, stem := range []string{"net.ipv4.conf.", "net.ipv6.conf.", "net.ipv4.neigh.", "net.ipv6.neigh."} {
		if rest, ok := strings.CutPrefix(name, stem); ok {
			return !strings.HasPrefix(rest, "all.") && !strings.HasPrefix(rest, "default.")
		}
	}
	return false
}

// ofThisMachine says whether a setting may rightly differ from machine to machine.
func ofThisMachine(h *facts.HostLook, name string) bool {
	exact := []string{
		// The kernel computes these at boot from the size of the memory (nf_conntrack-sysctl.rst,
		// ip-sysctl.rst, fs.rst); kube-proxy sets the first from the number of CPUs.
		"net.netfilter.nf_conntrack_max", "net.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_expect_max",
		"net.ipv4.tcp_mem", "net.ipv4.udp_mem", "net.ipv4.tcp_max_orphans", "net.ipv4.tcp_max_tw_buckets", "net.ipv4.tcp_max_syn_backlog",
		"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_fastopen_key",
		"net.ipv4.ipfrag_high_thresh", "net.ipv4.ipfrag_low_thresh", "net.ipv6.route.max_size", "net.ipv4.inet_peer_threshold",
		"fs.file-max", "fs.inotify.max_user_watches", "kernel.pid_max", "kernel.threads-max", "vm.min_free_kbytes",
		// Names, and numbers that only count.
		"kernel.hostname", "kernel.domainname", "kernel.random.boot_id", "fs.file-nr", "fs.inode-nr", "kernel.ns_last_pid",
	}
	return slices.Contains(exact, name) || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, ".stable_secret") ||
		ofAnInterface(name) && dataplane.PodPortNamed(h, interfaceOf(name))
}

func interfaceOf(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

// how shows the value of a fact on a node.
func how(class, name string) string {
	switch class {
	case ofVersions:
		return "uname -r; kubelet --version; crictl version"
	case ofSettings:
		return "sysctl " + name + "; grep -rn '" + name + "' /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d /run/sysctl.d"
	case ofDNS:
		return "cat " + name
	case ofFirewall:
		return "iptables --version; iptables-legacy-save | grep -c '^-A'; iptables-nft-save | grep -c '^-A'"
	case ofProxy:
		return "curl -s http://127.0.0.1:10249/proxyMode"
	case ofCNI:
		return "ls -l /etc/cni/net.d; cat /etc/cni/net.d/" + name
	default:
		return ""
	}
}
