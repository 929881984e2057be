package echo

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A raw socket gets a copy of every UDP packet for this host, also of those that
// go to a port which the kernel owns. The copy is taken when the packet filter's
// INPUT chain is done (ip_local_deliver_finish in net/ipv4/ip_input.c), so what
// is dropped there is not seen.

// serveTunnel answers requests through the tunnel's port in one family. Where no
// raw socket can be had (CAP_NET_RAW is missing, as in a pod, or the family) it
// has nothing to do, and the server goes on without.
func (s *Server) serveTunnel(ctx context.Context, family int) {
	conn, err := rawUDP(family)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	raw, ok := conn.(*net.IPConn)
	if !ok {
		return
	}
	packet, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, cn, _, from, err := raw.ReadMsgIP(packet, control)
		if err != nil {
			if passing(err) && pause(ctx, acceptPause) {
				continue
			}
			return
		}
		s.answerTunnel(packet[:n], control[:cn], from, family == unix.AF_INET6)
	}
}

func (s *Server) answerTunnel(packet, control []byte, from *net.IPAddr, v6 bool) {
	p, err := parseTunnelPacket(packet, v6)
	if err != nil || from == nil {
		return
	}
	source, ok := netip.AddrFromSlice(from.IP)
	if !ok {
		return
	}
	source = source.Unmap()
	answer := AppendReply(nil, Reply{
		Nonce: p.nonce, Received: uint32(p.size), Seen: netip.AddrPortFrom(source, p.port), Peer: s.peer,
	})
	to := source
	if s.udp6 {
		to = netip.AddrFrom16(source.As16())
	}
	_, _, _ = s.udp.WriteMsgUDPAddrPort(answer, s.answerFrom(p, control), netip.AddrPortFrom(to.WithZone(from.Zone), p.port))
}

// answerFrom makes the answer leave from the address that was asked.
func (s *Server) answerFrom(p tunnelPacket, control []byte) []byte {
	switch {
	case !p.to.IsValid():
		return sourceFrom(control)
	case s.udp6: // a socket of both families takes an IPv4 address in this form
		return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: p.to.As16()})
	default:
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: p.to.As4()})
	}
}

// rawUDP opens the socket with its filter, so that the host's other UDP traffic
// is not copied to us.
func rawUDP(family int) (net.PacketConn, error) {
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "raw UDP")
	defer func() { _ = file.Close() }() // net keeps a copy
	program := tunnelFilter(family == unix.AF_INET6)
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err == nil && family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the socket: %w", err)
	}
	return net.FilePacketConn(file)
}

// tunnelFilter passes what has the magic in its place; it sees what the socket
// would give (Documentation/networking/filter.rst): X is the length of the IP header.
func tunnelFilter(v6 bool) []unix.SockFilter {
	offset := uint32(udpHeader + tunnelHeader)
	length := unix.SockFilter{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: 0}
	if v6 {
		length = unix.SockFilter{Code: unix.BPF_LDX | unix.BPF_W | unix.BPF_IMM, K: 0}
	}
	magic := uint32(tunnelMagic[0])<<24 | uint32(tunnelMagic[1])<<16 | uint32(tunnelMagic[2])<<8 | uint32(tunnelMagic[3])
	return []unix.SockFilter{
		length,
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_IND, K: offset},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: magic, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffff},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
}

// isIPv6 says whether a socket speaks IPv6 (and IPv4 in its form).
func isIPv6(c syscall.Conn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	domain := 0
	if raw.Control(func(fd uintptr) { domain, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN) }) != nil || err != nil {
		return false
	}
	return domain == unix.AF_INET6
}
