package probe

import (
	"context"
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// tryTunnel sends a VXLAN packet of an unused network to the tunnel's port, which
// the far kernel owns; the far node agent sees it behind its INPUT chain and
// answers from its echo port. So the socket is not connected, and hears both the
// answer and an ICMP error ("nothing holds the port"), which is kept beside it.
func tryTunnel(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	w := e.start()
	to := addrPort(t)
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	s, err := open(ctx, family, unix.SOCK_DGRAM, 0, e.reply)
	if err != nil {
		return w.failed(ctx, nil, err)
	}
	defer s.close()
	nonce := echo.NewNonce()
	request := echo.AppendTunnelRequest(nil, nonce)
	cerr := s.raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), request, 0, sockaddr(to)) })
	if err = errors.Join(cerr, err); err != nil {
		return w.failed(ctx, s, err)
	}
	if source := sourceTowards(ctx, e, to); source.IsValid() {
		w.Local = netip.AddrPortFrom(source, s.local().Port())
	}
	return w.awaitTunnel(ctx, s, t, nonce, len(request))
}

// sourceTowards is the address the kernel picks; connecting a datagram socket sends nothing.
func sourceTowards(ctx context.Context, e *env, to netip.AddrPort) netip.Addr {
	s, err := dial(ctx, to, unix.SOCK_DGRAM, 0, e.reply)
	if s == nil {
		return netip.Addr{}
	}
	defer s.close()
	if err != nil {
		return netip.Addr{}
	}
	return s.local().Addr()
}

// awaitTunnel reads until the right answer comes. An ICMP error does not end it:
// the answer may still be on its way.
func (w *watch) awaitTunnel(ctx context.Context, s *socket, t facts.Target, nonce echo.Nonce, sent int) facts.Attempt {
	buffer := make([]byte, 2048)
	var refusal error
	for {
		n, err := s.receive(buffer)
		var errno unix.Errno
		if errors.As(err, &errno) && ctx.Err() == nil {
			refusal = err
			if icmp := s.reason(); icmp != nil {
				w.ICMP = icmp
			}
			continue
		}
		if err != nil {
			return w.silent(ctx, err, refusal)
		}
		reply, err := echo.ParseReply(buffer[:n])
		if err != nil || reply.Nonce != nonce || int(reply.Received) != sent {
			continue
		}
		w.lap()
		w.Seen = reply.Seen
		if w.ICMP != nil {
			w.Note = "the packet was seen, but nothing holds the port there"
		}
		return w.answeredBy(reply.Peer, t)
	}
}

// silent ends the attempt without an answer; an ICMP error explains it.
func (w *watch) silent(ctx context.Context, err, refusal error) facts.Attempt {
	icmp := w.ICMP
	if refusal != nil && ctx.Err() == nil {
		err = refusal
	}
	a := w.failed(ctx, nil, err)
	a.ICMP = icmp
	if isPortUnreachable(icmp) {
		a.Outcome = facts.Refused
	}
	return a
}
