package pressure

import (
	"fmt"
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
		return fmt.Sprintf("the owner of %s %s", q.Proto, q.Local)
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

// readProcess are the steps towards a process that does not keep up.
func readProcess(node string, q facts.SocketQueue) []check.Remedy {
	look := "ss -tulnp"
	if q.PID > 0 {
		look = fmt.Sprintf("nsenter -t %d -n ss -tuanp", q.PID)
	}
	var out []check.Remedy
	if q.PID > 0 {
		out = append(out,
			check.Remedy{Text: "See what the process does: state, and where in the kernel it waits", Node: node, Command: fmt.Sprintf("grep -E 'State|Threads' /proc/%d/status; cat /proc/%d/stack", q.PID, q.PID)},
			check.Remedy{Text: "See which pod it belongs to, then restart that, or give it more of what it lacks", Node: node, Command: fmt.Sprintf("cat /proc/%d/cgroup", q.PID)})
	}
	return append(out, check.Remedy{Text: "Check its queue", Node: node, Command: look})
}
