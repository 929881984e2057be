package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// connectionLife bounds one connection; a probe is over in milliseconds.
	connectionLife = 10 * time.Second
	// maxConnections bounds what a flood can occupy; more wait in the backlog.
	maxConnections = 4096
	// maxBulks bounds the large transfers under way; each holds two chunks.
	maxBulks = 512
	// maxRequests bounds what one connection may ask.
	maxRequests = 64
	// acceptPause lets a passing shortage (EMFILE) go by without spinning.
	acceptPause = 50 * time.Millisecond
)

func (s *Server) serveTCP(ctx context.Context, listener net.Listener) error {
	slots := make(chan struct{}, maxConnections)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if passing(err) && pause(ctx, acceptPause) {
				continue
			}
			return fmt.Errorf("accepting: %w", err)
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			_ = conn.Close()
			return ctx.Err()
		}
		go func() {
			defer func() { <-slots }()
			s.answerTCP(ctx, conn)
		}()
	}
}

// answerTCP answers requests until the far end closes, sends something else, or
// its time is over. The far end closes first, so that TIME_WAIT is kept there.
func (s *Server) answerTCP(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if conn.SetDeadline(time.Now().Add(connectionLife)) != nil {
		return
	}
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	seen := unmapped(tcp.AddrPort())
	var request [RequestLen]byte
	for range maxRequests {
		if _, err := io.ReadFull(conn, request[:]); err != nil {
			return
		}
		if string(request[:magicLen]) == bulkMagic {
			s.takeBulk(conn, request, seen)
			return
		}
		nonce, err := ParseRequest(request[:])
		if err != nil {
			return
		}
		answer := AppendReply(nil, Reply{Nonce: nonce, Received: RequestLen, Seen: seen, Peer: s.peer})
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// takeBulk reads the rest of a large request's beginning and does it, where not
// too many others are under way.
func (s *Server) takeBulk(conn net.Conn, request [RequestLen]byte, seen netip.AddrPort) {
	var head [BulkHeader]byte
	copy(head[:], request[:])
	if _, err := io.ReadFull(conn, head[RequestLen:]); err != nil {
		return
	}
	if s.bulks.Add(1) <= maxBulks {
		s.answerBulk(conn, head, Reply{Seen: seen, Peer: s.peer})
	}
	s.bulks.Add(-1)
}

// unmapped turns ::ffff:a.b.c.d, as a dual-stack socket names it, into a.b.c.d.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// passing says whether accepting or receiving can work again after this error.
func passing(err error) bool {
	for _, e := range []error{
		unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED, unix.EINTR,
		unix.ECONNREFUSED, unix.ECONNRESET, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EPERM, unix.EPROTO,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pause waits and says whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
