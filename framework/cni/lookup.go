package cni

import (
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// All are the plugins that are known. The order is that in which names are
// compared, so one whose names begin like another's stands first. The list is made
// once: nobody may change it.
func All() []Plugin { return known() }

var known = sync.OnceValue(func() []Plugin {
	return []Plugin{
		flannel(), canal(), calico(), cilium(), kindnet(), kubeRouter(), antrea(), weave(),
		kubeOVN(), ovnKubernetes(), awsVPC(), azure(), gke(), bridge(),
	}
})

// Named is the plugin with a word (facts.Cluster.CNI); the zero value for any other.
func Named(word string) Plugin {
	p, _ := find(func(p Plugin) bool { return word != "" && p.Word == word })
	return p
}

func find(is func(Plugin) bool) (Plugin, bool) {
	all := All()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return Plugin{}, false
}

// ByDaemonSet is the plugin whose agent a DaemonSet of that name runs.
func ByDaemonSet(name string) (Plugin, bool) {
	return find(func(p Plugin) bool {
		begins := func(stem string) bool { return strings.HasPrefix(name, stem) }
		return slices.ContainsFunc(p.DaemonSets, begins) && !slices.ContainsFunc(p.NotAgents, begins)
	})
}

// ByConf is the plugin to which a CNI configuration with these plugin types belongs.
func ByConf(types []string) (Plugin, bool) {
	return find(func(p Plugin) bool {
		return slices.ContainsFunc(p.ConfTypes, func(t string) bool { return slices.Contains(types, t) })
	})
}

// ByDevice is the plugin that names an interface so, and what the interface is for.
func ByDevice(name string) (Plugin, Device, bool) {
	var of Device
	p, ok := find(func(p Plugin) bool {
		d, is := p.Device(name)
		of = d
		return is && len(p.Parts) == 0 // its parts stand for one that is made of others
	})
	return p, of, ok
}

// ByChain is the plugin that names an iptables chain so.
func ByChain(name string) (Plugin, bool) {
	return find(func(p Plugin) bool { return p.Chain(name) && len(p.Parts) == 0 })
}

// ByTable is the plugin that names a native nft table so.
func ByTable(name string) (Plugin, bool) {
	return find(func(p Plugin) bool { return p.Table(name) && len(p.Parts) == 0 })
}

// Published reads what a plugin writes about a node where the other nodes read
// it; nil where none does.
func Published(annotations map[string]string) *facts.Published {
	for _, p := range All() {
		if p.published == nil {
			continue
		}
		out := p.published(annotations)
		if out.Backend != "" || len(out.Addrs) > 0 || out.MAC != "" || out.MAC6 != "" || len(out.Tunnels) > 0 || len(out.PodCIDRs) > 0 {
			out.By = p.Word
			return &out
		}
	}
	return nil
}

// Of is the plugin of a cluster: as the API server's DaemonSets tell it, else by
// what it publishes about its nodes. The zero value where neither tells.
func Of(s *facts.Snapshot) Plugin {
	if p := Named(s.Cluster.CNI); p.Known() {
		return p
	}
	for _, n := range s.Nodes {
		if n.Published == nil {
			continue
		}
		if p := Named(n.Published.By); p.Known() {
			return p
		}
		// Facts before the field "by" have what flannel's annotations say, and no other's.
		return flannel()
	}
	return Plugin{}
}

// Agent is the DaemonSet of a cluster's agent, as its pods tell it, else as the
// plugin's own manifest installs it. Empty where the plugin has none.
func (p Plugin) Agent(s *facts.Snapshot) (namespace, name string) {
	for _, pods := range [][]facts.Pod{s.Cluster.CNIPodsLast, s.Cluster.CNIPods} {
		for _, pod := range pods {
			if owner, ok := strings.CutPrefix(pod.Owner, "DaemonSet/"); ok {
				return pod.Namespace, owner
			}
		}
	}
	if s.Cluster.CNI == "" { // it runs inside another program, or as somebody else's pod
		return "", ""
	}
	return p.Namespace, p.AgentName()
}
