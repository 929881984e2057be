package probe

import (
	"encoding/binary"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// queued is one entry of a socket's error queue.
type queued struct {
	errno syscall.Errno
	// icmp is nil where the error was made on this host.
	icmp *facts.ICMPError
	// quoted is the beginning of the packet that the error is about.
	quoted []byte
}

// maxQueued bounds how many entries are read; one probe causes very few.
const maxQueued = 16

// errors empties the error queue (recvmsg(2) MSG_ERRQUEUE never blocks).
func (s *socket) errors() []queued {
	var out []queued
	_ = s.raw.Control(func(fd uintptr) {
		data, control := make([]byte, 256), make([]byte, 512)
		for range maxQueued {
			n, cn, _, _, err := unix.Recvmsg(int(fd), data, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			if q, ok := parseQueued(control[:cn]); ok {
				q.quoted = append([]byte(nil), data[:max(n, 0)]...)
				out = append(out, q)
			}
		}
	})
	return out
}

// reason is the last ICMP error of the queue, or nil.
func (s *socket) reason() *facts.ICMPError {
	var last *facts.ICMPError
	for _, q := range s.errors() {
		if q.icmp != nil {
			last = q.icmp
		}
	}
	return last
}

func parseQueued(control []byte) (queued, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return queued{}, false
	}
	for _, m := range messages {
		v4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		v6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if v4 || v6 {
			return parseExtendedError(m.Data)
		}
	}
	return queued{}, false
}

// extendedErrorLen is sizeof(struct sock_extended_err); the address of the
// offender follows it (ip(7), SO_EE_OFFENDER).
const extendedErrorLen = 16

// parseExtendedError reads struct sock_extended_err: errno, origin, type, code,
// padding, info (the next hop's MTU where the packet was too big), data.
func parseExtendedError(b []byte) (queued, bool) {
	if len(b) < extendedErrorLen {
		return queued{}, false
	}
	q := queued{errno: syscall.Errno(binary.NativeEndian.Uint32(b))}
	if origin := b[4]; origin != unix.SO_EE_ORIGIN_ICMP && origin != unix.SO_EE_ORIGIN_ICMP6 {
		return q, true
	}
	q.icmp = &facts.ICMPError{Type: b[5], Code: b[6], From: offender(b[extendedErrorLen:])}
	if q.errno == unix.EMSGSIZE {
		q.icmp.MTU = int(binary.NativeEndian.Uint32(b[8:]))
	}
	return q, true
}

// offender reads the struct sockaddr of the host that sent the error.
func offender(b []byte) netip.Addr {
	if len(b) < 2 {
		return netip.Addr{}
	}
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		if len(b) >= 8 {
			return netip.AddrFrom4([4]byte(b[4:8]))
		}
	case unix.AF_INET6:
		if len(b) >= 24 {
			return netip.AddrFrom16([16]byte(b[8:24])).Unmap()
		}
	}
	return netip.Addr{}
}
