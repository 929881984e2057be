package cni

import (
	"fmt"
	"net/netip"
)

// Step is a step of a repair in a plugin's own terms.
type Step struct{ Text, Command string }

// Agent is the DaemonSet by which a plugin runs in a cluster.
type Agent struct{ Namespace, DaemonSet string }

// Restart starts all of its pods again, one after the other.
func (a Agent) Restart() string {
	return fmt.Sprintf("kubectl -n %s rollout restart daemonset %s", a.Namespace, a.DaemonSet)
}

// Words are a plugin's own settings and commands. What is empty or nil, it does
// not have, or it is not known.
type Words struct {
	// Tunnel is the usual name of its VXLAN device.
	Tunnel string
	// Config shows its configuration.
	Config string
	// Range shows, on a node, which addresses it gives to pods there; Pools does so for the cluster.
	Range, Pools string
	// PodRange is the setting with the range that it does not masquerade.
	PodRange string
	// Hairpin says where its hairpin mode is configured.
	Hairpin string
	// MTU sets the MTU of pods.
	MTU func(a Agent, mtu int) Step
	// Port moves the tunnel to another UDP port.
	Port func(a Agent, port int) Step
	// Address makes it use an address of a node for its peers.
	Address func(a Agent, node string, address netip.Addr) Step
	// Published shows what it published about a node.
	Published func(node string) string
	// Sessions shows the state of its sessions with other nodes, seen from a pod of its agent.
	Sessions func(a Agent, pod string) Step
	// Programs shows its own tables, seen from a pod of its agent: those that the kernel's do not show.
	Programs func(a Agent, pod string) Step
	// Policies are the kinds of its own network policies, as kubectl takes them.
	Policies []string
	// NotReady is a part of a pod's event by which it shows that it is not ready on a node, with its meaning.
	NotReady, NotReadyMeans string
}
