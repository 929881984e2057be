package overlay

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// docker is the word of a container engine that makes bridges of its own.
const docker = "docker"

// pluginOf is whose an interface is, by the name that network plugins and
// container engines give to theirs; empty where the name says nothing.
func pluginOf(name string) string {
	if p, _, ok := cni.ByDevice(name); ok {
		return p.Word
	}
	if strings.HasPrefix(name, docker) {
		return docker
	}
	return ""
}

// belongs says whether an interface of a plugin has its place in a cluster. A
// bridge of the general plugin is what several others let it make; a CNI that was
// not recognised may own anything.
func belongs(word string, own cni.Plugin) bool {
	p := cni.Named(word)
	switch {
	case word == docker:
		return false
	case len(p.ConfTypes) == 0 && len(p.DaemonSets) == 0:
		return own.Gateway == cni.OfBridge || !own.Known() || own.Is(word) || own.Gateway == cni.LinkLocal && len(own.Parts) > 0
	default:
		return own.Is(word) || !own.Known()
	}
}

// module is the kernel module whose first device comes with it and cannot be
// deleted while it is loaded (tunl0: ipip).
func module(i facts.Interface) string {
	switch i.Name {
	case "tunl0":
		return "ipip"
	case "sit0":
		return "sit"
	case "gre0":
		return "ip_gre"
	default:
		return ""
	}
}

// clearing are the steps that remove a leftover: the interface, the routes that it
// left behind, and a restart of the agent that could not set its own meanwhile.
func clearing(s *facts.Snapshot, n facts.Node, h *facts.HostLook, i facts.Interface, p netip.Prefix, owners map[netip.Prefix]string) []check.Remedy {
	ip := dataplane.IP(dataplane.Of(p.Addr()))
	out := []check.Remedy{{Text: "Take its address away, and take it down", Node: n.Name, Command: fmt.Sprintf("%s addr del %s dev %s; ip link set %s down", ip, p, i.Name, i.Name)}}
	switch m := module(i); {
	case m != "" && i.Kind != "bridge":
		out = append(out, check.Remedy{
			Text: "It cannot be deleted while its module is loaded: unload that, where nothing else uses it", Node: n.Name,
			Command: fmt.Sprintf("ip link del %s 2>/dev/null || modprobe -r %s", i.Name, m),
		})
	case i.Name == "cni0":
		out = append(out, check.Remedy{Text: "Delete the bridge: the next pod makes it anew, with the right address (pods that hang on it now have to be restarted)", Node: n.Name, Command: "ip link del cni0"})
	case pluginOf(i.Name) == docker:
		out = append(out, check.Remedy{Text: "Give the container engine another range (\"bip\" and \"default-address-pools\" in /etc/docker/daemon.json), or remove the bridge if nothing uses it", Node: n.Name, Command: "grep -n . /etc/docker/daemon.json; ip link del " + i.Name})
	case !cni.Of(s).Is(pluginOf(i.Name)):
		out = append(out, check.Remedy{Text: "Delete it, if nothing needs it", Node: n.Name, Command: "ip link del " + i.Name},
			remedies.WhereWritten(n.Name, "Take away what makes it at boot", i.Name))
	}
	for _, r := range dataplane.Main(*h) {
		_, cidr := ownerOf(p.Addr(), owners)
		if r.Dst.IsValid() && cidr.IsValid() && cidr.Overlaps(r.Dst) && r.Dst.Bits() > cidr.Bits() && (r.Dev == "" || r.Dev == i.Name) {
			out = append(out, check.Remedy{Text: "Remove the route that it left", Node: n.Name, Command: ip + " route del " + r.Dst.String()})
		}
	}
	return append(out,
		peering.RestartCNI(s, n.Name),
		check.Remedy{Purpose: check.Verify, Text: "Check that the address is gone, also from interfaces that are down: this must print nothing", Node: n.Name, Command: fmt.Sprintf("%s addr show to %s", ip, p.Masked())},
	)
}
