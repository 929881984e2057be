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
func towardsSocket(node string, own []located, advised []check.Remedy) []check.Remedy {
	proto, port, found := socketOf(own)
	if !found {
		return advised
	}
	list, counters, room := "ss -Hltnp", "TcpExtListenOverflows TcpExtListenDrops", "net.core.somaxconn=4096"
	larger := "Where it only comes late, allow longer queues; the program has to ask for one, too (backlog of listen)"
	if proto == "udp" {
		list, counters, room = "ss -Huanpm", "UdpRcvbufErrors", "net.core.rmem_max=8388608"
		larger = "Where it only comes late, allow larger buffers; the program has to ask for one, too (SO_RCVBUF)"
	}
	show := fmt.Sprintf("%s 'sport = :%d'", list, port)
	out := []check.Remedy{{
		Purpose: check.Find, Node: node, Command: show,
		Text: fmt.Sprintf("See which process holds %s port %d, and how much waits (Recv-Q)", proto, port),
	}, {
		Node: node, Command: fmt.Sprintf("pid=$(%s | grep -om1 'pid=[0-9]*' | cut -d= -f2); cat /proc/$pid/cgroup && kill $pid", show),
		Text: "End the process, once its pod or unit is known: that starts it anew",
	}, {
		Node: node, Command: "sysctl -w " + room, Text: larger,
	}}
	for _, r := range advised {
		if r.Purpose == check.Find && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return append(out, check.Remedy{
		Purpose: check.Verify, Node: node, Command: fmt.Sprintf("%s; nstat -az %s", show, counters),
		Text: "Check that the queue is empty and the counters stand still",
	})
}
