package pressure

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func queuesOf(h *facts.HostLook) []facts.SocketQueue {
	if h == nil || h.Sockets == nil {
		return nil
	}
	return h.Sockets.Queues
}

// owner is who holds a socket, so far as that is known.
func owner(q facts.SocketQueue) string {
	if q.Process == "" {
		return "an unknown process"
	}
	return fmt.Sprintf("%s (process %d)", q.Process, q.PID)
}

// thing names a socket in a finding's subject.
func thing(q facts.SocketQueue) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", q.Process, q.Proto, q.Local))
}

func queueEvidence(h *facts.HostLook, q facts.SocketQueue) check.Evidence {
	text := fmt.Sprintf("Recv-Q %d, Send-Q %d, %s", q.RecvQ, q.SendQ, owner(q))
	if q.Peer.IsValid() {
		text += fmt.Sprintf(", peer %s", q.Peer)
	}
	if q.Proto == "udp" {
		text += fmt.Sprintf(", %d datagrams dropped", q.Drops)
	}
	if q.Netns != "" && q.Netns != "host" {
		text += ", in the network of the pod " + q.Netns
	}
	return check.Evidence{Node: h.Node, Source: fmt.Sprintf("socket %s %s %s (%s look)", q.Proto, q.State, q.Local, h.Look), Text: text}
}

// comm is the name of our own agent's process (/proc/PID/comm has 15 characters).
const comm = "plumbline-agent"

// ours: the socket is one of the suite's own. A probe that waits, or an agent that was
// stopped, says nothing about the cluster.
func ours(n facts.Node, all []facts.Node, q facts.SocketQueue) bool {
	if q.Process == comm {
		return true
	}
	agents := []facts.Agent{n.PodAgent}
	for _, r := range n.RuntimeAgents {
		agents = append(agents, r.Agent)
	}
	for _, a := range agents { // a probe pod runs nothing but the agent
		if slices.ContainsFunc(a.Addrs, func(addr netip.Addr) bool { return q.Netns == addr.String() }) {
			return true
		}
	}
	if inHost(q) && serves(n.NodeAgent, q.Local.Port()) {
		return true
	}
	return q.Peer.IsValid() && slices.ContainsFunc(all, func(other facts.Node) bool {
		return slices.ContainsFunc([]facts.Agent{other.NodeAgent, other.PodAgent}, func(a facts.Agent) bool {
			return slices.Contains(a.Addrs, q.Peer.Addr().Unmap()) && serves(a, q.Peer.Port())
		})
	})
}

func inHost(q facts.SocketQueue) bool { return q.Netns == "" || q.Netns == "host" }

func serves(a facts.Agent, port uint16) bool {
	return port != 0 && slices.Contains([]uint16{a.Ports.TCP, a.Ports.UDP, a.Ports.HTTP}, port)
}

// list shows just this socket with its queues and its process, whatever its state is:
// without -a or -l ss(8) shows no listener, and with -l nothing else.
func list(q facts.SocketQueue) string {
	return fmt.Sprintf("ss -%sanp 'sport = :%d'", q.Proto[:1], q.Local.Port())
}

// readProcess are the steps towards a process that does not keep up. Nothing is ended
// here: who holds the socket decides what a restart takes away.
func readProcess(node string, q facts.SocketQueue) []check.Remedy {
	show := list(q)
	switch {
	case q.PID > 0:
		show = fmt.Sprintf("nsenter -t %d -n %s", q.PID, show)
	case !inHost(q):
		show = fmt.Sprintf("nsenter -t $(for p in /proc/[0-9]*; do grep -qs -F '%s' $p/net/fib_trie && basename $p; done | head -1) -n %s", q.Netns, show)
	}
	var out []check.Remedy
	if q.PID > 0 {
		out = append(out,
			check.Remedy{Purpose: check.Find, Text: "See what the process does: state, and where in the kernel it waits", Node: node, Command: fmt.Sprintf("grep -E 'State|Threads' /proc/%d/status; cat /proc/%d/stack", q.PID, q.PID)},
			check.Remedy{Purpose: check.Find, Text: "See which pod or unit it belongs to", Node: node, Command: fmt.Sprintf("cat /proc/%d/cgroup; crictl ps --no-trunc 2>/dev/null | grep -F \"$(grep -oE '[0-9a-f]{64}' /proc/%d/cgroup | head -1)\"", q.PID, q.PID)},
			check.Remedy{Text: "If it is stopped (State: T), let it continue. Otherwise restart the pod or unit that it belongs to", Node: node, Command: fmt.Sprintf("kill -CONT %d", q.PID)})
	} else {
		if !inHost(q) {
			out = append(out, check.Remedy{Purpose: check.Find, Text: "See which pod it is", Command: "kubectl get pods -A -o wide | grep -F ' " + q.Netns + " '"})
		}
		out = append(out,
			check.Remedy{Purpose: check.Find, Text: "See which process holds the socket", Node: node, Command: show},
			check.Remedy{Purpose: check.Find, Text: "See which processes are stopped (T) or wait in the kernel (D): one of them may be it", Node: node, Command: "ps -eo state,pid,comm,wchan | grep -E '^[TD]'"},
			check.Remedy{Text: "Restart the pod or unit that it belongs to, once that is known"})
	}
	return append(out, check.Remedy{Purpose: check.Verify, Text: "Check its queue: Recv-Q must be near 0", Node: node, Command: show})
}
