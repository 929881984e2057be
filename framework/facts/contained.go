package facts

import "strings"

// kindProvider begins the provider id that kind gives a node: kind://ENGINE/CLUSTER/NODE
// (kind, pkg/cluster/internal/kubeadm/config.go).
const kindProvider = "kind://"

// InContainer says whether a node is a container, so that its "host" network is a
// network namespace of a machine which other nodes may share. Two facts tell it:
// the provider id, and the kernel, which shows net.core.netdev_max_backlog only in
// the machine's first network namespace, and net.core.somaxconn in every one
// (Linux, net/core/sysctl_net_core.c: net_core_table and netns_core_table).
func (s *Snapshot) InContainer(node string) bool {
	if n := s.Node(node); n != nil && strings.HasPrefix(n.ProviderID, kindProvider) {
		return true
	}
	for _, look := range []Look{First, Last} {
		h := s.Host(node, look)
		if h == nil || h.NotRun != "" {
			continue
		}
		_, ofEach := h.Sysctls["net.core.somaxconn"]
		_, ofMachine := h.Sysctls["net.core.netdev_max_backlog"]
		return ofEach && !ofMachine
	}
	return false
}

// Engine is the command that runs something inside the container that a node is
// ("docker", "podman", "nerdctl"), and the container's name. It is not ok where the
// provider id does not name them.
func (n Node) Engine() (command, container string, ok bool) {
	rest, found := strings.CutPrefix(n.ProviderID, kindProvider)
	parts := strings.Split(rest, "/")
	if !found || len(parts) < 3 || parts[0] == "" {
		return "", "", false
	}
	container = parts[len(parts)-1]
	return parts[0], container, container != ""
}
