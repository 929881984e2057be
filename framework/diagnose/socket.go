package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/plumbline-net/plumbline/framework/check"
)

// heldSocket reads the socket out of a finding's subject: "n2 (sleepy tcp 0.0.0.0:9000)".
var heldSocket = regexp.MustCompile(`(?:^|[ (])(tcp|udp) \S*:(\d+)\)?$`)

// socketOf is the first socket that findings name.
func socketOf(own []located) (proto string, port int, found bool) {
	for _, f := range own {
		if m := heldSocket.FindStringSubmatch(f.Subject); m != nil {
			if port, err := strconv.Atoi(m[2]); err == nil {
				return m[1], port, true
			}
		}
	}
	return "", 0, false
}

// towardsSocket leads to the process behind a socket that is not emptied, by the
// port where the process was not seen. What it does not know it leaves as advised.
// No step ends a process: it may be any program of the user's.
func towardsSocket(node string, own []located, advised []check.Remedy) []check.Remedy {
	proto, port, found := socketOf(own)
	if !found {
		return advised
	}
	show := fmt.Sprintf("ss -H%sanp 'sport = :%d'", proto[:1], port)
	out := []check.Remedy{{
		Purpose: check.Find, Node: node, Command: show,
		Text: fmt.Sprintf("See which process holds %s port %d, and how much waits (Recv-Q)", proto, port),
	}, {
		Node: node, Command: fmt.Sprintf("pid=$(%s | grep -om1 'pid=[0-9]*' | cut -d= -f2); cat /proc/$pid/cgroup && kill -CONT $pid", show),
		Text: "If the process is stopped, let it continue. Otherwise restart the pod or unit that it belongs to (the command prints it)",
	}}
	out = append(out, larger(node, proto, own)...)
	for _, r := range advised {
		if r.Purpose == check.Find && !slices.ContainsFunc(out, func(o check.Remedy) bool { return o.Command == r.Command && o.Node == r.Node }) {
			out = append(out, r)
		}
	}
	counters := map[string]string{"tcp": "TcpExtListenOverflows TcpExtListenDrops TcpExtTCPRcvQDrop", "udp": "UdpRcvbufErrors"}[proto]
	return append(out, check.Remedy{
		Purpose: check.Verify, Node: node, Command: fmt.Sprintf("%s; nstat -az %s", show, counters),
		Text: "Check that the queue is empty and the counters stand still",
	})
}

// larger is more room in the queue, where that can help: a TCP connection that nobody
// reads fills any buffer.
func larger(node, proto string, own []located) []check.Remedy {
	switch {
	case proto == "udp":
		return []check.Remedy{{Node: node, Command: "sysctl -w net.core.rmem_max=8388608", Text: "Where it only comes late, allow larger buffers; the program has to ask for one, too (SO_RCVBUF)"}}
	case slices.ContainsFunc(own, func(f located) bool { return f.check == "pressure/listen-queue" }):
		return []check.Remedy{{Node: node, Command: "sysctl -w net.core.somaxconn=4096", Text: "Where it only comes late, allow longer queues; the program has to ask for one, too (backlog of listen)"}}
	}
	return nil
}
