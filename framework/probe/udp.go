package probe

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// tryUDP sends a nonce and waits for it to come back; silence is Timeout.
func tryUDP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return exchange(ctx, e, t, datagram{payload: echo.MinDatagram, wait: e.reply})
}

// datagram says how one request is sent.
type datagram struct {
	payload int // bytes
	wait    time.Duration
	options []option
}

// exchange sends one datagram from a socket of its own and waits for the answer.
func exchange(ctx context.Context, e *env, t facts.Target, d datagram) facts.Attempt {
	w := e.start()
	s, err := dial(ctx, addrPort(t), unix.SOCK_DGRAM, 0, d.wait, d.options...)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	w.Local = s.local()
	nonce := echo.NewNonce()
	if err := s.send(echo.AppendRequest(nil, nonce, d.payload)); err != nil {
		return w.failed(ctx, s, err)
	}
	return w.await(ctx, s, t, nonce, d.payload)
}

// await reads until the answer comes. One with another nonce may be a late one
// to an earlier user of the port, so it counts only where the right one does not come.
func (w *watch) await(ctx context.Context, s *socket, t facts.Target, nonce echo.Nonce, sent int) facts.Attempt {
	stranger := ""
	buffer := make([]byte, 2048)
	for {
		n, err := s.receive(buffer)
		if err != nil && stranger != "" && ctx.Err() == nil {
			return w.garbled(stranger)
		}
		if err != nil {
			return w.failed(ctx, s, err)
		}
		w.lap()
		reply, err := echo.ParseReply(buffer[:n])
		switch {
		case len(t.Peers) == 0:
			w.Outcome = facts.OK
			return w.Attempt
		case err != nil:
			stranger = "the answer is not of the echo protocol: another server listens there"
		case reply.Nonce != nonce:
			stranger = "the answer carries another nonce"
		case int(reply.Received) != sent:
			w.Seen, w.Peer = reply.Seen, reply.Peer
			return w.garbled("the datagram arrived with another length than it was sent with")
		default:
			w.Seen = reply.Seen
			return w.answeredBy(reply.Peer, t)
		}
	}
}
