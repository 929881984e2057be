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
			check.Remedy{Purpose: check.Find, Text: "See what the process does: state, and where in the kernel it waits", Node: node, Command: fmt.Sprintf("grep -E 'State|Threads' /proc/%d/status; cat /proc/%d/stack", q.PID, q.PID)},
			check.Remedy{Purpose: check.Find, Text: "See which pod or unit it belongs to", Node: node, Command: fmt.Sprintf("cat /proc/%d/cgroup; crictl ps --no-trunc 2>/dev/null | grep -F \"$(grep -oE '[0-9a-f]{64}' /proc/%d/cgroup | head -1)\"", q.PID, q.PID)},
			check.Remedy{Text: "If it is stopped (State: T), let it go on; where it stays stopped, end it, and its pod or unit starts it anew", Node: node, Command: fmt.Sprintf("kill -CONT %d; sleep 2; grep -qE 'State:.[TD]' /proc/%d/status && kill %d", q.PID, q.PID, q.PID)})
	} else {
		out = append(out, check.Remedy{
			Text: "Find the process behind that address, and start its pod or unit anew", Node: node, Command: fmt.Sprintf("ss -tulnp | grep -F ':%d '", q.Local.Port()),
		})
	}
	return append(out, check.Remedy{Purpose: check.Verify, Text: "Check its queue: Recv-Q must be near 0", Node: node, Command: look})
}
