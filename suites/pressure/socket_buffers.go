package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed socket_buffers.md
var socketBuffersDoc string

const (
	// unreadFrom is how many bytes must wait unread at both looks to call a process stuck: less lies
	// about in sockets that were closed by the far end and that nobody cares for.
	unreadFrom = 4 << 10
	// unsentFrom is the same for what the far end does not take; a long transfer always has some.
	unsentFrom = 256 << 10
)

// SocketBuffers promises that processes read what arrives for them.
func SocketBuffers() check.Check {
	return check.Check{
		ID:       "pressure/socket-buffers",
		Promise:  "No datagram and no segment is lost to a full socket buffer, and no socket is stuck with a large queue.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      socketBuffersDoc,
		Evaluate: socketBuffers,
	}
}

func socketBuffers(s *facts.Snapshot) check.Result {
	counters := []string{"snmp.Udp.RcvbufErrors", "snmp.Udp.SndbufErrors", "netstat.TcpExt.TCPRcvQDrop"}
	for _, f := range s.Cluster.Families {
		if f == facts.IPv6 {
			counters = append(counters, "snmp6.Udp6RcvbufErrors", "snmp6.Udp6SndbufErrors")
		}
	}
	return onHosts(s, "processes keep up with their sockets", func(h host) []symptom.Symptom {
		grown, unread := h.growths(counters...)
		var out []symptom.Symptom
		if unread = optional(h, unread); len(unread) > 0 {
			out = append(out, symptom.Unknown(h.Name, "counters of socket buffers could not be read: "+strings.Join(unread, ", ")))
		}
		if h.first.Sockets == nil || h.last.Sockets == nil {
			out = append(out, symptom.Unknown(h.Name, "the sockets could not be read at both looks"))
		}
		slow := slowSockets(s, h)
		out = append(out, slow...)
		for _, g := range grown {
			out = append(out, bufferErrors(g, slow))
		}
		return out
	})
}

// optional leaves out what this host's kernel does not have: TCPRcvQDrop came with
// Linux 5.1, and a kernel booted without IPv6 has no counters of it.
func optional(h host, unread []string) []string {
	var out []string
	for _, c := range unread {
		_, listens := h.last.Counters["netstat.TcpExt.ListenDrops"]
		if c == "netstat.TcpExt.TCPRcvQDrop" && listens {
			continue
		}
		_, udp := h.last.Counters["snmp.Udp.RcvbufErrors"]
		if strings.HasPrefix(c, "snmp6.") && udp {
			continue
		}
		out = append(out, c)
	}
	return out
}

// slowSockets compares each socket that was listed at both looks.
func slowSockets(s *facts.Snapshot, h host) []symptom.Symptom {
	type id struct{ proto, local, peer, netns string }
	of := func(q facts.SocketQueue) id { return id{q.Proto, q.Local.String(), q.Peer.String(), q.Netns} }
	before := map[id]facts.SocketQueue{}
	for _, q := range queuesOf(h.first) {
		before[of(q)] = q
	}
	var out []symptom.Symptom
	for _, q := range queuesOf(h.last) {
		old, known := before[of(q)]
		says := ""
		switch {
		case q.State == "LISTEN", ours(h.Node, s.Nodes, q):
		case q.Proto == "udp" && known && q.Drops > old.Drops:
			says = fmt.Sprintf("%s does not read its UDP socket %s fast enough: datagrams dropped %d → %d, %d bytes wait", owner(q), q.Local, old.Drops, q.Drops, q.RecvQ)
		case q.Proto == "udp" && !known && q.Drops > 0 && q.RecvQ > unreadFrom:
			says = fmt.Sprintf("%s does not read its UDP socket %s: %d datagrams dropped, %d bytes wait", owner(q), q.Local, q.Drops, q.RecvQ)
		case known && old.RecvQ >= unreadFrom && q.RecvQ >= old.RecvQ:
			says = fmt.Sprintf("%s does not read from %s %s: bytes waiting %d → %d", owner(q), q.Proto, q.Local, old.RecvQ, q.RecvQ)
			if inHost(q) && q.Process == "" && slices.Contains(s.Cluster.API, netip.AddrPortFrom(q.Peer.Addr().Unmap(), q.Peer.Port())) {
				says += "; it is a client of the API server, such as the kubelet, kube-proxy or the network plugin's agent, and it is stopped or hung"
			}
		case known && old.SendQ >= unsentFrom && q.SendQ >= old.SendQ && q.State == "ESTABLISHED":
			says = fmt.Sprintf("%s does not take what %s sends: bytes waiting %d → %d", q.Peer, owner(q), old.SendQ, q.SendQ)
		}
		if says == "" {
			continue
		}
		x := symptom.Symptom{
			Node: h.Name, Thing: thing(q), Kind: "slow", Verdict: check.Warn, Weight: int64(q.RecvQ + q.SendQ + q.Drops), Says: says,
			Evidence: []check.Evidence{queueEvidence(h.last, q)}, Remedy: readProcess(h.Name, q),
		}
		if known {
			x.Evidence = append(x.Evidence, queueEvidence(h.first, old))
		}
		out = append(out, x)
	}
	return out
}

func bufferErrors(g symptom.Growth, slow []symptom.Symptom) symptom.Symptom {
	out := symptom.Symptom{
		Node: g.Node, Kind: g.Counter, Verdict: check.Warn, Weight: g.By(), Evidence: []check.Evidence{g.Evidence()},
		Says: fmt.Sprintf("data was lost to full socket buffers while the probes ran (%s)", g),
	}
	if len(slow) == 0 {
		out.Says += "; which socket it was is not known"
	} else {
		out.Says += "; " + slow[0].Thing + " does not keep up"
	}
	out.Remedy = []check.Remedy{
		{Purpose: check.Find, Text: "See which socket loses datagrams (column d of skmem)", Node: g.Node, Command: "ss -uanpm"},
		{Text: "If the process reads but cannot keep up with bursts, allow larger buffers", Node: g.Node, Command: "sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608 net.core.rmem_default=1048576"},
		{Purpose: check.Last, Text: "Set them at every start; a process takes them when it is started anew", Node: g.Node, Command: "printf '%s\\n' 'net.core.rmem_max = 8388608' 'net.core.wmem_max = 8388608' 'net.core.rmem_default = 1048576' > /etc/sysctl.d/zz-buffers.conf"},
		remedies.Still(g.Node, "that the counters stand still", "nstat -az UdpRcvbufErrors UdpSndbufErrors TcpExtTCPRcvQDrop"),
	}
	return out
}
