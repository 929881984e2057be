package distribution

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// mostMarks bounds what is told of how one was recognised.
const mostMarks = 4

// Recognise gives the distribution of a cluster, by what its nodes, hosts and API
// server show, and each thing by which it was recognised. Where several are shown
// the first of the table counts: an installer leaves the marks of kubeadm, too.
func Recognise(s *facts.Snapshot) (Distribution, []string) {
	for _, d := range All() {
		if by := d.marks(s); len(by) > 0 {
			return Of(d.Word), by[:min(len(by), mostMarks)]
		}
	}
	return Of(""), nil
}

// marks are the things by which this distribution is recognised.
func (d Distribution) marks(s *facts.Snapshot) []string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, n := range s.Nodes {
		if contains(n.Kubelet, d.Versions) {
			add("kubelet version " + n.Kubelet)
		}
		if contains(n.OS, d.OSImages) {
			add("OS image " + n.OS)
		}
		if scheme, _, ok := strings.Cut(n.ProviderID, "://"); ok && slices.Contains(d.Providers, scheme) {
			add("providerID " + scheme + "://")
		}
		for _, key := range n.Marks {
			if d.labelled(key) {
				add("node label " + key)
			}
		}
	}
	for _, g := range s.Cluster.APIGroups {
		if d.grouped(g) {
			add("API group " + g)
		}
	}
	for _, h := range s.Hosts {
		d.marksOfHost(h, add)
	}
	return out
}

func (d Distribution) marksOfHost(h facts.HostLook, add func(string)) {
	for _, f := range d.Files {
		if slices.Contains(h.Found, f) {
			add(f + " on the hosts")
		}
	}
	for _, p := range h.Processes {
		if slices.Contains(d.Processes, p.Name) {
			add("process " + p.Name + " on the hosts")
		}
	}
}

func contains(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}
