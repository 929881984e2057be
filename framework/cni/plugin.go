// Package cni holds what a network plugin looks like: one value per plugin, each
// in a file of its own. Adding a plugin is one file, one row in All, and one
// recording of a healthy cluster. It is pure.
package cni

import (
	"path"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Plugin is a network plugin. The zero value is one that was not recognised, and
// is usable: it has no names, makes no claims and gives neutral steps.
type Plugin struct {
	// Word is its word in facts.json (facts.Cluster.CNI).
	Word string
	// Display is its name as its own project writes it.
	Display string
	// DaemonSets are beginnings of the names of its agent's DaemonSet, the usual name first.
	DaemonSets []string
	// NotAgents are beginnings of names of its DaemonSets that are not the agent.
	NotAgents []string
	// Namespace is where its manifest installs it.
	Namespace string
	// ConfTypes are the plugin types by which its CNI configuration is known; none
	// where it uses general plugins only (bridge, ptp).
	ConfTypes []string
	// Devices are the interfaces it makes.
	Devices []Device
	// Chains are patterns (path.Match) of its iptables chains, Tables of its nft tables.
	Chains, Tables []string
	// Parts are words of other plugins that it consists of.
	Parts []string
	// Models are the ways of routing that it can be configured for, the usual one first.
	Models []Model
	// Peers are the ports that its nodes use among each other.
	Peers []Port
	// Gateway is what a pod has as its gateway.
	Gateway Gateway
	// Policy says whether it enforces NetworkPolicy.
	Policy Policy
	// ReplacesProxy: it can serve Services in place of kube-proxy.
	ReplacesProxy bool
	// Beside: it also runs beside another network plugin, for policies alone, so
	// its rules are not a leftover there.
	Beside bool
	// Logs are lines that its agent writes when it cannot do its work.
	Logs []LogLine
	// Words are its own settings and commands.
	Words Words
	// published reads what it writes about a node where the other nodes read it.
	published func(annotations map[string]string) facts.Published
}

// Model is how pods of another node are reached.
type Model string

// The ways of routing. The empty one is unknown.
const (
	Unknown Model = ""
	// NodeTunnel: a route for each other node's pod CIDR, through a tunnel.
	NodeTunnel Model = "node CIDR, tunnel"
	// NodeDirect: a route for each other node's pod CIDR, by that node's address.
	NodeDirect Model = "node CIDR, direct"
	// Blocks: routes for blocks of addresses that nodes take as they need them.
	Blocks Model = "address blocks"
	// EBPF: routes lead to a device behind which BPF programs decide.
	EBPF Model = "eBPF"
	// OVS: flows in Open vSwitch.
	OVS Model = "OVS"
	// VPC: the cloud's network routes pods; the node has rules and tables for each of them.
	VPC Model = "cloud VPC"
)

// Role is what an interface is for.
type Role string

// The roles of the interfaces that plugins make.
const (
	Tunnel     Role = "tunnel"  // encapsulates packets between nodes
	Bridge     Role = "bridge"  // pods of the node are its ports
	GatewayDev Role = "gateway" // the node's own address on the pod network
	PodEnd     Role = "pod"     // the host's end of a pod's link
	Proxy      Role = "proxy"   // holds addresses of Services, or leads to a program
)

// Device is a kind of interface that a plugin makes, known by the beginning of its name.
type Device struct {
	Stem string
	Role Role
	// UDP is the port of its outer packets; 0 where it has none.
	UDP uint16
	// Exact: the whole name.
	Exact bool
}

// Port is what the nodes must let pass from each other.
type Port struct {
	// Protocol is udp, tcp, or an IP protocol (ipip, esp).
	Protocol string
	Number   uint16
	What     string
	Model    Model
}

// Gateway is what pods of a plugin have as their gateway.
type Gateway string

// The gateways.
const (
	NoGateway  Gateway = ""
	OfBridge   Gateway = "bridge"     // an address of a bridge, with the prefix of the pods
	LinkLocal  Gateway = "link-local" // 169.254.1.1 or fe80::, answered by proxy ARP
	OwnAddress Gateway = "host"       // a single address on the host's end of each link
	ByProgram  Gateway = "program"    // a BPF program or a flow answers
)

// Policy says whether a plugin enforces NetworkPolicy.
type Policy string

// The answers; the empty one is unknown.
const (
	PolicyUnknown Policy = ""
	PolicyYes     Policy = "yes"
	PolicyNo      Policy = "no"
	// PolicyCompanion: a second program does, where it is installed.
	PolicyCompanion Policy = "by a companion"
)

// LogLine is a line that an agent writes when it cannot do its work, told by a part of it.
type LogLine struct {
	// Part of the line, in lower case.
	Part string
	// Until is a part of a line that is written once the work is done; lines before it are of the past.
	Until string
	// Lasting: it is not tried again, so the line tells of the present whatever its age.
	Lasting bool
	// Route: the work is a route to another node's pods, so where all of them are there it was done.
	Route bool
	Means string
	// Look is a command, on the node, that shows what is in the way.
	Look string
}

// Known says whether the plugin was recognised.
func (p Plugin) Known() bool { return p.Word != "" }

// Name is how a sentence calls the plugin.
func (p Plugin) Name() string {
	if p.Display == "" {
		return "the network plugin"
	}
	return p.Display
}

// Can says whether the plugin can be configured for a way of routing. One that
// was not recognised can do anything.
func (p Plugin) Can(m Model) bool { return !p.Known() || slices.Contains(p.Models, m) }

// Usual is the way of routing that it has unless it is configured otherwise.
func (p Plugin) Usual() Model {
	if len(p.Models) == 0 {
		return Unknown
	}
	return p.Models[0]
}

// Only is the way of routing of a plugin that has no other.
func (p Plugin) Only() Model {
	if len(p.Models) != 1 {
		return Unknown
	}
	return p.Models[0]
}

// Is says whether the plugin is another one, or has it as a part.
func (p Plugin) Is(word string) bool {
	return word != "" && (p.Word == word || slices.Contains(p.Parts, word))
}

// AgentName is the usual name of its agent's DaemonSet; empty where it has none.
func (p Plugin) AgentName() string {
	if len(p.DaemonSets) == 0 {
		return ""
	}
	return p.DaemonSets[0]
}

// Chain says whether an iptables chain has a name as the plugin gives them.
func (p Plugin) Chain(name string) bool { return matches(p.Chains, name) }

// Table says whether a native nft table has a name as the plugin gives them.
func (p Plugin) Table(name string) bool { return matches(p.Tables, name) }

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		hit, err := path.Match(pattern, name)
		return err == nil && hit
	})
}

// Device is the kind of interface that a name belongs to.
func (p Plugin) Device(name string) (Device, bool) {
	i := slices.IndexFunc(p.Devices, func(d Device) bool { return d.is(name) })
	if i < 0 {
		return Device{}, false
	}
	return p.Devices[i], true
}

func (d Device) is(name string) bool {
	if d.Exact {
		return name == d.Stem
	}
	return strings.HasPrefix(name, d.Stem)
}

// TunnelName is the usual name of its VXLAN device; empty where it has none.
func (p Plugin) TunnelName() string { return p.Words.Tunnel }

// TunnelPort is the UDP port of its tunnel, where it is not configured otherwise; 0 where it has none.
func (p Plugin) TunnelPort() int {
	for _, d := range p.Devices {
		if d.Role == Tunnel && d.UDP != 0 {
			return int(d.UDP)
		}
	}
	return 0
}
