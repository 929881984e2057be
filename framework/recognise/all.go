package recognise

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// The parts of a cluster, in the order in which they are told.
const (
	OfDistribution = "distribution"
	OfPlugin       = "network plugin"
	OfProxy        = "kube-proxy"
	OfDNS          = "cluster DNS"
)

// nothing is the value of a part of which nothing tells.
const nothing = "not recognised"

// All says what the parts of the cluster were taken for, and by what.
func All(s *facts.Snapshot) []facts.Recognised {
	return []facts.Recognised{distributionOf(s), plugin(s), proxyOf(s), dnsOf(s)}
}

func distributionOf(s *facts.Snapshot) facts.Recognised {
	out := facts.Recognised{What: OfDistribution, Value: nothing, Version: s.Cluster.Version}
	d, by := distribution.Recognise(s)
	if d.Word != "" {
		out.Value, out.By = d.Name, by
	}
	return out
}

func proxyOf(s *facts.Snapshot) facts.Recognised {
	p := ServiceProxy(s)
	out := facts.Recognised{What: OfProxy, By: p.By}
	switch p.Form {
	case Unknown:
		out.Value = nothing
	case Missing:
		out.Value = "none"
	case Replaced:
		out.Value = "replaced by " + cni.Of(s).Name()
	case InPods, StaticPods:
		out.Value, out.Version = orElse(p.Mode, "mode not known"), versions(s.Cluster.KubeProxy)
	case Host:
		out.Value = orElse(p.Mode, "mode not known") + ", a service of the host"
	case Embedded:
		out.Value = orElse(p.Mode, "mode not known") + ", in " + p.Distribution.Name + "'s own process"
	}
	return out
}

func dnsOf(s *facts.Snapshot) facts.Recognised {
	out := facts.Recognised{What: OfDNS, Value: nothing, Version: versions(s.Cluster.DNSPods)}
	switch found := s.Cluster.DNSFound; {
	case found != nil:
		out.Value, out.By = found.Namespace+"/"+found.Name, slices.Clone(found.By)
	case len(s.Cluster.DNS) > 0:
		out.Value, out.By = "kube-system/kube-dns", []string{"label k8s-app=kube-dns"}
	}
	if len(s.Cluster.DNS) > 0 {
		out.Value += " (" + addresses(s.Cluster.DNS) + ")"
	}
	if cached := Cached(s); len(cached) > 0 {
		var addrs []string
		for _, node := range slices.Sorted(maps.Keys(cached)) {
			for _, a := range cached[node] {
				if !slices.Contains(addrs, a.String()) {
					addrs = append(addrs, a.String())
				}
			}
		}
		out.Value += " behind a node-local cache at " + strings.Join(addrs, ", ")
		out.By = append(out.By, fmt.Sprintf("nameserver of the pods of %d nodes", len(cached)))
		for _, c := range s.Cluster.DNSCaches {
			out.By = append(out.By, "DaemonSet "+c.Namespace+"/"+c.Name)
		}
	}
	return out
}

func addresses(list []netip.AddrPort) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Addr().String())
	}
	return strings.Join(out, ", ")
}

// versions are the tags of the images of pods, each once.
func versions(pods []facts.Pod) string {
	var out []string
	for _, p := range pods {
		for _, image := range p.Images {
			if tag := tagOf(image); tag != "" && !slices.Contains(out, tag) {
				out = append(out, tag)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// tagOf is the tag of an image reference (distribution/reference: [host[:port]/]path[:tag][@digest]).
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	rest := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(rest, ":")
	return tag
}

func orElse(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}
