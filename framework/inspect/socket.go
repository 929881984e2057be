package inspect

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// socket is one socket as inet_diag or /proc/net tell of it.
type socket struct {
	proto, state string
	local, peer  netip.AddrPort
	recv, send   int
	drops        int
	// noBacklog: of a listener the backlog is not known (/proc/net/tcp tells none).
	noBacklog bool
	inode     uint64
}

const listening, timeWait, established, unconnected = "LISTEN", "TIME_WAIT", "ESTABLISHED", "CLOSE"

// stateWord names a TCP state (include/net/tcp_states.h); a UDP socket without a
// peer is in state CLOSE.
func stateWord(state uint64) string {
	words := [...]string{
		"", established, "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", timeWait, unconnected,
		"CLOSE_WAIT", "LAST_ACK", listening, "CLOSING", "NEW_SYN_RECV",
	}
	if state < uint64(len(words)) && words[state] != "" {
		return words[state]
	}
	return "UNKNOWN"
}

// behind says whether a socket does not keep up. A listener's accept queue is full
// when it holds more than the backlog (sk_acceptq_is_full, include/net/sock.h).
// Where the backlog is not known, overflowed tells whether any listener of the
// network namespace has ever lost a connection.
func (s socket) behind(overflowed bool) bool {
	switch {
	case s.state == timeWait:
		return false
	case s.state == listening && s.noBacklog:
		return s.recv > 0 && overflowed
	case s.state == listening:
		return s.recv > s.send
	default:
		return s.recv > facts.QueueLimit || s.send > facts.QueueLimit
	}
}

func (s socket) queue(netns string) facts.SocketQueue {
	q := facts.SocketQueue{
		Proto: s.proto, State: s.state, Local: s.local, RecvQ: s.recv, SendQ: s.send, Drops: s.drops, Netns: netns,
	}
	if s.connected() {
		q.Peer = s.peer
	}
	return q
}

func (s socket) connected() bool {
	return s.peer.IsValid() && s.peer.Port() != 0 && !s.peer.Addr().IsUnspecified()
}
