package recognise

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// plugin names the network plugin with the version of its agent's image, by its
// DaemonSet, what it publishes about nodes, its devices and its configuration.
func plugin(s *facts.Snapshot) facts.Recognised {
	out := facts.Recognised{What: OfPlugin, Value: nothing}
	p := cni.Of(s)
	if !p.Known() {
		p = byHosts(s)
	}
	if !p.Known() {
		return out
	}
	out.Value = p.Name()
	if len(s.Cluster.CNIPods) > 0 {
		namespace, name := p.Agent(s)
		out.By = append(out.By, "DaemonSet "+namespace+"/"+name)
		if images := s.Cluster.CNIPods[0].Images; len(images) > 0 {
			out.Version = tagOf(images[0])
		}
	}
	if slices.ContainsFunc(s.Nodes, func(n facts.Node) bool { return n.Published != nil && (n.Published.By == "" || p.Is(n.Published.By)) }) {
		out.By = append(out.By, "annotations of the nodes")
	}
	for _, n := range s.Selected() {
		h := newest(s, n.Name)
		if h == nil {
			continue
		}
		if dev := deviceOf(p, h); dev != "" {
			out.By = append(out.By, "device "+dev)
		}
		if t := confType(p, h); t != "" {
			out.By = append(out.By, "conf type "+t)
		}
		break // hosts are alike; one stands for them
	}
	return out
}

// byHosts is a plugin without a DaemonSet, where a distribution runs it in its own process.
func byHosts(s *facts.Snapshot) cni.Plugin {
	for _, n := range s.Selected() {
		h := newest(s, n.Name)
		if h == nil {
			continue
		}
		if p, ok := cni.ByConf(confTypes(h)); ok {
			return p
		}
	}
	return cni.Plugin{}
}

func newest(s *facts.Snapshot, node string) *facts.HostLook {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		if h := s.Host(node, look); h != nil && h.NotRun == "" {
			return h
		}
	}
	return nil
}

// deviceOf is the first of the plugin's devices on a host, links of single pods left out.
func deviceOf(p cni.Plugin, h *facts.HostLook) string {
	for _, i := range h.Interfaces {
		if d, ok := p.Device(i.Name); ok && d.Role != cni.PodEnd {
			return i.Name
		}
	}
	return ""
}

func confType(p cni.Plugin, h *facts.HostLook) string {
	for _, t := range confTypes(h) {
		if slices.Contains(p.ConfTypes, t) {
			return t
		}
	}
	return ""
}

// confTypes are the plugin types of the configuration that the runtime takes: the
// first file by name (libcni, ConfFiles).
func confTypes(h *facts.HostLook) []string {
	if h.CNI == nil {
		return nil
	}
	for _, f := range h.CNI.Files {
		if f.Text == "" || strings.Contains(f.Path, "loopback") {
			continue
		}
		var conf struct {
			Type    string `json:"type"`
			Plugins []struct {
				Type string `json:"type"`
			} `json:"plugins"`
		}
		if json.Unmarshal([]byte(f.Text), &conf) != nil {
			continue
		}
		var out []string
		if conf.Type != "" {
			out = append(out, conf.Type)
		}
		for _, p := range conf.Plugins {
			out = append(out, p.Type)
		}
		return out
	}
	return nil
}
