package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// bulkMost bounds a whole transfer; one that stands still for as long as a
// connect may take is over before that.
const bulkMost = 10 * time.Second

// carryBulk carries facts.BulkBytes to the far end and as many back. TCP itself
// sends again what is lost; a transfer that stood still is done once more, with
// twice the patience, for a host that is short of time looks the same.
func carryBulk(ctx context.Context, e *env, _ facts.Flow, t facts.Target, a *answer) {
	x := e.carried(ctx, t, e.connect)
	a.attempts = append(a.attempts, x)
	if x.Outcome == facts.Timeout && x.Connected && ctx.Err() == nil {
		a.attempts = append(a.attempts, e.carried(ctx, t, 2*e.connect))
	}
	a.settled = true
}

// carried is one transfer, which may stand still for stall.
func (e *env) carried(ctx context.Context, t facts.Target, stall time.Duration) facts.Attempt {
	return e.connected(ctx, t, func(w *watch, s *socket) facts.Attempt {
		w.Connected = true
		if err := s.set(sendBuffer()); err != nil {
			return w.failed(ctx, s, err)
		}
		conn, err := s.stream(e.connect)
		if err != nil {
			return w.failed(ctx, s, err)
		}
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		moving := echo.Moving{Conn: conn, Stall: stall, End: time.Now().Add(bulkMost)}
		return w.carry(ctx, s, moving, t)
	})
}

// sendBuffer keeps what the kernel holds small, so that a slow link does not look
// like a stuck one while the answer is waited for.
func sendBuffer() option {
	return option{unix.SOL_SOCKET, unix.SO_SNDBUF, unix.SOL_SOCKET, unix.SO_SNDBUF, 128 << 10}
}

// carry sends and receives; the time of the attempt is that of both.
func (w *watch) carry(ctx context.Context, s *socket, conn net.Conn, t facts.Target) facts.Attempt {
	nonce := echo.NewNonce()
	_, err := conn.Write(echo.AppendBulkRequest(nil, nonce, facts.BulkBytes))
	if err == nil {
		_, err = echo.WriteBulk(conn, nonce, echo.Out, facts.BulkBytes)
	}
	if err != nil {
		return w.stuck(ctx, s, err, s.outward())
	}
	reply, err := echo.ReadReply(conn)
	switch {
	case errors.Is(err, echo.ErrNotEcho):
		return w.garbled("the answer is not of the echo protocol: another server listens there")
	case err != nil:
		return w.stuck(ctx, s, err, s.outward())
	}
	w.Seen, w.Peer = reply.Seen, reply.Peer
	if reply.Nonce != nonce {
		return w.garbled("the answer carries another nonce")
	}
	w.Size, err = echo.ReadBulk(conn, facts.BulkBytes)
	switch {
	case errors.Is(err, echo.ErrSpoilt):
		return w.garbled(err.Error())
	case err != nil:
		return w.stuck(ctx, s, err, fmt.Sprintf(
			"stuck on the way back: all %d bytes were sent, %d came back", facts.BulkBytes, w.Size))
	}
	w.lap()
	return w.answeredBy(reply.Peer, t)
}

// outward says how much of what was sent the far end acknowledged. All of it,
// and no answer, means that the answer got lost.
func (s *socket) outward() string {
	total := echo.BulkHeader + facts.BulkBytes
	var unacknowledged int
	err := s.raw.Control(func(fd uintptr) { unacknowledged, _ = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	if err == nil && unacknowledged == 0 {
		return "stuck on the way back: all that was sent was acknowledged, and no answer came"
	}
	return fmt.Sprintf("stuck on the way out: of %d bytes not all were acknowledged, %d wait in the socket", total, unacknowledged)
}

// stuck ends a transfer that was begun.
func (w *watch) stuck(ctx context.Context, s *socket, err error, note string) facts.Attempt {
	var errno syscall.Errno
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		return w.failed(ctx, s, err)
	case errors.As(err, &errno):
		w.failed(ctx, s, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		w.failed(ctx, s, err)
		note = "the far end closed the connection: " + note
	case errors.As(err, &timeout) && timeout.Timeout():
		w.lap()
		w.Outcome = facts.Timeout
	default:
		return w.failed(ctx, s, err)
	}
	w.Note = note
	return w.Attempt
}
