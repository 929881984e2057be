package probe

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// Notes that tell a failure after the handshake from one before it.
const (
	noteConnected = "the connection was made, then no answer came"
	noteClosed    = "the far end closed the connection without an answer"
)

// connected makes a TCP connection and hands it on; the time is that of the
// handshake. Where none could be made, that is how the attempt ended.
func (e *env) connected(ctx context.Context, t facts.Target, then func(*watch, *socket) facts.Attempt) facts.Attempt {
	w := e.start()
	s, err := dial(ctx, addrPort(t), unix.SOCK_STREAM, 0, e.connect)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	w.lap()
	w.Local = s.local()
	return then(w, s)
}

// tryTCP connects, sends a nonce, and learns who answered and whom it saw. The
// time is that of the handshake. A target without peers is only connected to.
func tryTCP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return e.connected(ctx, t, func(w *watch, s *socket) facts.Attempt {
		if len(t.Peers) == 0 {
			w.Outcome = facts.OK
			return w.Attempt
		}
		return w.converse(ctx, s, t)
	})
}

func (w *watch) converse(ctx context.Context, s *socket, t facts.Target) facts.Attempt {
	nonce := echo.NewNonce()
	err := s.send(echo.AppendRequest(nil, nonce, 0))
	var reply echo.Reply
	if err == nil {
		reply, err = echo.ReadReply(readerFunc(s.receive))
	}
	switch {
	case errors.Is(err, echo.ErrNotEcho):
		return w.garbled("the answer is not of the echo protocol: another server listens there")
	case err != nil:
		a := w.failed(ctx, s, err)
		if a.Outcome == facts.Timeout {
			a.Note = noteConnected
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			a.Note = noteClosed
		}
		return a
	}
	w.Seen = reply.Seen
	if reply.Nonce != nonce {
		w.Peer = reply.Peer
		return w.garbled("the answer carries another nonce")
	}
	return w.answeredBy(reply.Peer, t)
}

// readerFunc is a reader made of one method; no bytes without an error is the
// end of the stream, as read(2) tells it.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) {
	n, err := f(b)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, err
}
