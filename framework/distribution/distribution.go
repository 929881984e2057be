// Package distribution holds what a Kubernetes distribution looks like: by what
// its nodes are recognised, where it keeps its files, and how its services are
// restarted. One value a distribution, in one table. It is pure.
package distribution

import "strings"

// Distribution is one way of installing Kubernetes.
type Distribution struct {
	Word string // stable: "k3s"
	Name string // "K3s"

	// What recognises it. Each entry is enough by itself.
	Versions  []string // part of the kubelet's version: "+k3s"
	Labels    []string // label keys of nodes; one that ends in "/" is a prefix
	OSImages  []string // part of the node's OS image
	Providers []string // scheme of the node's providerID: "kind"
	Groups    []string // API groups; one that begins with "." is a suffix
	Files     []string // paths that only its hosts have
	Processes []string // names of processes that only its hosts have

	// Proxy is how it runs kube-proxy unless it is told otherwise.
	Proxy Proxy
	// Units are the systemd units that run the kubelet and, where it is embedded,
	// kube-proxy; a node has one of them.
	Units []string
	// Places are its own paths; those of kubeadm hold where one is empty.
	Places
}

// Proxy is how a distribution runs kube-proxy.
type Proxy string

// The ways.
const (
	DaemonSet Proxy = "daemonset"
	StaticPod Proxy = "static pod"
	Embedded  Proxy = "embedded" // in a process of the distribution
	Service   Proxy = "service"  // a systemd service of the host
)

// Places are the paths on a host.
type Places struct {
	CNIConf []string // where the container runtime looks for network configurations
	CNIBin  []string // where it looks for network plugins
	Kubelet []string // the kubelet's configuration: files, or folders of files (*.conf.d)
	// KubeletFlags are files that hold the kubelet's command line.
	KubeletFlags []string
	// KubeletConfig is the kubelet's configuration in which a setting is changed by hand.
	KubeletConfig string
	Containerd    []string // sockets of the container runtime
}

// Known finds a distribution by its word.
func Known(word string) (Distribution, bool) {
	for _, d := range All() {
		if d.Word == word {
			return d, true
		}
	}
	return Distribution{}, false
}

// Of is the distribution with that word, and the usual paths where there is none.
func Of(word string) Distribution {
	d, _ := Known(word)
	usual := usualPlaces()
	for _, p := range []struct{ own, usual *[]string }{
		{&d.CNIConf, &usual.CNIConf}, {&d.CNIBin, &usual.CNIBin}, {&d.Kubelet, &usual.Kubelet}, {&d.Containerd, &usual.Containerd},
	} {
		if len(*p.own) == 0 {
			*p.own = *p.usual
		}
	}
	if d.KubeletConfig == "" {
		d.KubeletConfig = usual.KubeletConfig
	}
	if len(d.Units) == 0 {
		d.Units = []string{"kubelet"}
	}
	return d
}

// usualPlaces are those of kubeadm, of the CNI project and of containerd.
func usualPlaces() Places {
	return Places{
		CNIConf: []string{"/etc/cni/net.d"}, CNIBin: []string{"/opt/cni/bin"},
		Kubelet: []string{"/var/lib/kubelet/config.yaml"}, KubeletFlags: []string{"/var/lib/kubelet/kubeadm-flags.env"},
		KubeletConfig: "/var/lib/kubelet/config.yaml",
		Containerd:    []string{"/run/containerd/containerd.sock", "/run/crio/crio.sock"},
	}
}

// AllCNIConf are the folders of network configurations of all distributions: those
// of distributions with a runtime of their own come before the usual one, which
// packages leave behind on their hosts.
func AllCNIConf() []string { return places(func(p Places) []string { return p.CNIConf }) }

// AllCNIBin are the folders of network plugins of all distributions.
func AllCNIBin() []string { return places(func(p Places) []string { return p.CNIBin }) }

// AllKubelet are the files and folders of the kubelet's configuration.
func AllKubelet() []string { return places(func(p Places) []string { return p.Kubelet }) }

// AllKubeletFlags are the files with the kubelet's command line.
func AllKubeletFlags() []string { return places(func(p Places) []string { return p.KubeletFlags }) }

// AllFiles are the paths by which hosts are recognised.
func AllFiles() []string {
	var out []string
	for _, d := range All() {
		out = append(out, d.Files...)
	}
	return out
}

func places(of func(Places) []string) []string {
	var out []string
	add := func(list []string) {
		for _, p := range list {
			known := false
			for _, o := range out {
				known = known || o == p
			}
			if !known {
				out = append(out, p)
			}
		}
	}
	for _, d := range All() {
		add(of(d.Places))
	}
	add(of(usualPlaces()))
	return out
}

// Label says whether a label key of a node recognises any distribution.
func Label(key string) bool {
	for _, d := range All() {
		if d.labelled(key) {
			return true
		}
	}
	return false
}

// Group says whether an API group recognises any distribution.
func Group(name string) bool {
	for _, d := range All() {
		if d.grouped(name) {
			return true
		}
	}
	return false
}

func (d Distribution) labelled(key string) bool {
	for _, l := range d.Labels {
		if key == l || strings.HasSuffix(l, "/") && strings.HasPrefix(key, l) {
			return true
		}
	}
	return false
}

func (d Distribution) grouped(name string) bool {
	for _, g := range d.Groups {
		if name == g || strings.HasPrefix(g, ".") && strings.HasSuffix(name, g) {
			return true
		}
	}
	return false
}
