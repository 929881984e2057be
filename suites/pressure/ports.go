package pressure

import (
	_ "embed" // the explanation page
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

//go:embed ports.md
var portsDoc string

const (
	portRange = "net.ipv4.ip_local_port_range"
	// Use of the range towards one destination in per cent: from fewFree on a connect searches long, and from
	// noneFree on it finds none now and then.
	fewFree, noneFree = 80, 98
)

// Ports promises that a host can still connect.
func Ports() check.Check {
	return check.Check{
		ID:       "pressure/ports",
		Promise:  "Every host has local ports left towards every destination.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      portsDoc,
		Evaluate: ports,
	}
}

func ports(s *facts.Snapshot) check.Result {
	return onHosts(s, "there are local ports left", func(h host) []symptom.Symptom {
		var low, high int
		if n, err := fmt.Sscan(h.last.Sysctls[portRange], &low, &high); n != 2 || err != nil || high < low {
			return []symptom.Symptom{symptom.Unknown(h.Name, portRange+" could not be read")}
		}
		if h.first.Sockets == nil || h.last.Sockets == nil {
			return []symptom.Symptom{symptom.Unknown(h.Name, "the sockets could not be read at both looks")}
		}
		var out []symptom.Symptom
		size := high - low + 1
		for _, d := range busiest(h) {
			if used := d.TimeWait + d.Established + d.Other; used*100 >= size*fewFree {
				out = append(out, usedUp(h.Name, d, size))
			}
		}
		return out
	})
}

// busiest are the destinations of both looks, each as it was when it had more sockets.
func busiest(h host) []facts.Destination {
	var out []facts.Destination
	at := map[string]int{}
	for _, d := range append(append([]facts.Destination{}, h.last.Sockets.Destinations...), h.first.Sockets.Destinations...) {
		i, seen := at[d.Peer.String()]
		switch {
		case !seen:
			at[d.Peer.String()] = len(out)
			out = append(out, d)
		case d.TimeWait+d.Established+d.Other > out[i].TimeWait+out[i].Established+out[i].Other:
			out[i] = d
		}
	}
	return out
}

func usedUp(node string, d facts.Destination, size int) symptom.Symptom {
	used := d.TimeWait + d.Established + d.Other
	out := symptom.Symptom{
		Node: node, Thing: d.Peer.String(), Kind: "ports", Verdict: check.Warn, Weight: int64(used),
		Says: fmt.Sprintf("%d of %d local ports are used towards %s (%d established, %d in TIME_WAIT): when they are used up, no further connection to it can be made",
			used, size, d.Peer, d.Established, d.TimeWait),
		Evidence: []check.Evidence{
			{Node: node, Source: "sockets towards " + d.Peer.String(), Text: fmt.Sprintf("established %d, TIME_WAIT %d, others %d", d.Established, d.TimeWait, d.Other)},
			{Node: node, Source: "sysctl " + portRange, Text: fmt.Sprintf("%d ports", size)},
		},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "See which process connects there again and again; let it keep its connections open", Node: node, Command: fmt.Sprintf("ss -tanp dst %s dport = :%d | head -50", d.Peer.Addr(), d.Peer.Port())},
			{Text: "Widen the range; it begins above the NodePorts", Node: node, Command: "sysctl -w " + portRange + `="32768 65535"`},
			{Text: "Let connections that are over free their ports for new ones at once", Node: node, Command: "sysctl -w net.ipv4.tcp_tw_reuse=1"},
			{Purpose: check.Last, Text: "Set both at every start, until the process keeps its connections open", Node: node, Command: "printf '%s\\n' '" + portRange + " = 32768 65535' 'net.ipv4.tcp_tw_reuse = 1' > /etc/sysctl.d/zz-ports.conf"},
			{Purpose: check.Verify, Text: fmt.Sprintf("Check how many there are: far less than %d", size), Node: node, Command: fmt.Sprintf("ss -Htan dst %s dport = :%d | wc -l", d.Peer.Addr(), d.Peer.Port())},
		},
	}
	if used*100 >= size*noneFree {
		out.Verdict = check.Fail
	}
	return out
}
