package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed listen_queue.md
var listenQueueDoc string

// ListenQueue promises that connections which are made are also taken.
func ListenQueue() check.Check {
	return check.Check{
		ID:       "pressure/listen-queue",
		Promise:  "No listener's accept queue is full, and none overflows.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      listenQueueDoc,
		Evaluate: listenQueue,
	}
}

func listenQueue(s *facts.Snapshot) check.Result {
	return onHosts(s, "no accept queue is full", func(h host) []symptom.Symptom {
		var out []symptom.Symptom
		grown, unread := h.growths(listenOverflows, "netstat.TcpExt.ListenDrops")
		if len(unread) > 0 {
			out = append(out, symptom.Unknown(h.Name, "the counters ListenOverflows and ListenDrops could not be read at both looks"))
		}
		grown = overflows(grown)
		named := false
		if h.last.Sockets == nil {
			out = append(out, symptom.Unknown(h.Name, "the sockets could not be read"))
		} else {
			for _, q := range h.last.Sockets.Queues {
				if fullListener(q) && !ours(h.Node, s.Nodes, q) {
					named = true
					out = append(out, fullQueue(h, q, grown))
				}
			}
		}
		if len(grown) > 0 && !named {
			out = append(out, overflowed(h.Name, grown))
		}
		return out
	})
}

// listenOverflows counts what met a full accept queue.
const listenOverflows = "netstat.TcpExt.ListenOverflows"

// overflows are the counters that tell of full queues. ListenDrops counts every SYN
// that became no connection, also one whose answer had no route or met an ICMP
// unreachable (net/ipv4/tcp_ipv4.c, tcp_v4_syn_recv_sock; tcp_input.c,
// tcp_conn_request); a full queue counts in ListenOverflows as well.
func overflows(grown []symptom.Growth) []symptom.Growth {
	if !slices.ContainsFunc(grown, func(g symptom.Growth) bool { return g.Counter == listenOverflows }) {
		return nil
	}
	return grown
}

// fullListener: of a listener RecvQ counts the connections that wait to be
// accepted, and SendQ is its backlog; one more than that is full (tcp(7), ss(8)).
func fullListener(q facts.SocketQueue) bool {
	return q.Proto == "tcp" && q.State == "LISTEN" && q.RecvQ > q.SendQ
}

func fullQueue(h host, q facts.SocketQueue, grown []symptom.Growth) symptom.Symptom {
	out := symptom.Symptom{
		Node: h.Name, Thing: thing(q), Verdict: check.Warn, Kind: "full", Weight: int64(q.RecvQ),
		Says: fmt.Sprintf("%s does not accept: %d connections wait at %s, its backlog is %d, and further ones are dropped",
			owner(q), q.RecvQ, q.Local, q.SendQ),
		Evidence: []check.Evidence{queueEvidence(h.last, q)},
		Remedy:   readProcess(h.Name, q),
	}
	for _, before := range queuesOf(h.first) {
		if before.Local == q.Local && before.Netns == q.Netns && fullListener(before) {
			out.Evidence = append(out.Evidence, queueEvidence(h.first, before))
			out.Says += "; so it was when the run began"
		}
	}
	// The counters are those of the host's own network, so they say nothing of a pod's listener.
	if q.Netns == "host" || q.Netns == "" {
		for _, g := range grown {
			out.Evidence = append(out.Evidence, g.Evidence())
			out.Verdict = check.Fail // connections were lost meanwhile
		}
	}
	return out
}

func overflowed(node string, grown []symptom.Growth) symptom.Symptom {
	out := symptom.Symptom{
		Node: node, Verdict: check.Warn, Kind: "overflow",
		Says: fmt.Sprintf("a listener's accept queue overflowed while the probes ran (%s); which one is not known, none was full at the last look", grown[0]),
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "Find the listener, for ten seconds: Recv-Q above Send-Q", Node: node, Command: "for i in $(seq 20); do ss -Hltnp | awk '$2 > 0'; sleep 0.5; done | sort | uniq -c"},
			{Text: "Allow longer queues; programs take it when they are started anew", Node: node, Command: "sysctl -w net.core.somaxconn=4096"},
			{Purpose: check.Last, Text: "Set it at every start", Node: node, Command: "echo 'net.core.somaxconn = 4096' > /etc/sysctl.d/zz-somaxconn.conf"},
			remedies.Still(node, "that the counters stand still", "nstat -az TcpExtListenOverflows TcpExtListenDrops"),
		},
	}
	for _, g := range grown {
		out.Weight += g.By()
		out.Evidence = append(out.Evidence, g.Evidence())
	}
	return out
}
