package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// noteNoICMP is the note where no kind of ICMP socket is permitted.
const noteNoICMP = "no ICMP socket is permitted: the group is outside net.ipv4.ping_group_range, and CAP_NET_RAW is missing"

const (
	icmpHeader  = 8  // type, code, checksum, identifier, sequence number
	icmpPayload = 56 // bytes, as ping(8) sends
	icmpSeq     = 1
)

// tryICMP sends one echo request and waits for the reply with the same nonce.
func tryICMP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	w := e.start()
	s, raw, err := dialICMP(ctx, e, t)
	if s != nil {
		defer s.close()
	}
	if s == nil && notPermitted(err) {
		w.Outcome, w.Errno, w.Note = facts.NotRun, unix.ErrnoName(unix.EPERM), noteNoICMP
		return w.Attempt
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	p := newPing(s, raw)
	if !raw {
		p.id = s.local().Port() // the kernel's choice (net/ipv4/ping.c)
	}
	w.Local = netip.AddrPortFrom(s.local().Addr(), 0)
	if err := s.send(p.request()); err != nil {
		return w.failed(ctx, s, err)
	}
	return p.await(ctx, w)
}

// dialICMP prefers the datagram socket, which needs no privilege where
// net.ipv4.ping_group_range holds the group (icmp(7)), to the raw one. No socket
// at all means that neither is permitted.
func dialICMP(ctx context.Context, e *env, t facts.Target) (s *socket, raw bool, err error) {
	proto := unix.IPPROTO_ICMP
	if t.Addr.Unmap().Is6() {
		proto = unix.IPPROTO_ICMPV6
	}
	to := netip.AddrPortFrom(t.Addr.Unmap(), 0)
	s, err = dial(ctx, to, unix.SOCK_DGRAM, proto, e.reply)
	if s == nil && (notPermitted(err) || errors.Is(err, unix.EPROTONOSUPPORT)) {
		s, err = dial(ctx, to, unix.SOCK_RAW, proto, e.reply)
		return s, true, err
	}
	return s, false, err
}

func notPermitted(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

// ping is one echo request and what recognises its reply.
type ping struct {
	s     *socket
	raw   bool
	id    uint16
	nonce echo.Nonce
}

func newPing(s *socket, raw bool) *ping {
	return &ping{s: s, raw: raw, id: uint16(1 + rand.IntN(1<<16-1)), nonce: echo.NewNonce()}
}

func (p *ping) types() (request, reply byte) {
	if p.s.v6 {
		return 128, 129 // RFC 4443 section 4
	}
	return 8, 0 // RFC 792
}

func (p *ping) request() []byte {
	b := make([]byte, icmpHeader+icmpPayload)
	b[0], _ = p.types()
	binary.BigEndian.PutUint16(b[4:], p.id)
	binary.BigEndian.PutUint16(b[6:], icmpSeq)
	copy(b[icmpHeader:], p.nonce[:])
	if !p.s.v6 { // the kernel writes the checksum of ICMPv6 (RFC 3542 section 3.1)
		binary.BigEndian.PutUint16(b[2:], checksum(b))
	}
	return b
}

// await reads until the reply comes. Raw sockets see every ICMP packet from the
// target, so what is not ours is passed over.
func (p *ping) await(ctx context.Context, w *watch) facts.Attempt {
	buffer := make([]byte, 2048)
	for {
		n, err := p.s.receive(buffer)
		switch {
		case err != nil && p.raw && ctx.Err() == nil && p.foreign(w):
			continue
		case err != nil:
			if w.ICMP == nil {
				return w.failed(ctx, p.s, err)
			}
			icmp := w.ICMP
			a := w.failed(ctx, nil, err)
			a.ICMP = icmp
			return a
		case p.isReply(buffer[:n]):
			w.lap()
			w.Outcome = facts.OK
			return w.Attempt
		}
	}
}

func (p *ping) isReply(b []byte) bool {
	if p.raw && !p.s.v6 { // raw(7): IPv4 packets come with their header
		if len(b) == 0 || len(b) < int(b[0]&0x0f)*4 {
			return false
		}
		b = b[int(b[0]&0x0f)*4:]
	}
	_, reply := p.types()
	return len(b) >= icmpHeader+len(p.nonce) && b[0] == reply &&
		binary.BigEndian.Uint16(b[4:]) == p.id && binary.BigEndian.Uint16(b[6:]) == icmpSeq &&
		echo.Nonce(b[icmpHeader:icmpHeader+len(p.nonce)]) == p.nonce
}

// foreign empties the error queue of a raw socket and says whether all that
// stood there was about other packets to the same target.
func (p *ping) foreign(w *watch) bool {
	entries := p.s.errors()
	for _, q := range entries {
		if len(q.quoted) < icmpHeader || binary.BigEndian.Uint16(q.quoted[4:]) == p.id {
			w.ICMP = q.icmp
			return false
		}
	}
	return len(entries) > 0
}

// checksum is the Internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
