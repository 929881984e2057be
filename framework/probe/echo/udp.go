package echo

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpBuffer is asked for as receive buffer, in bytes; the kernel gives what
// net.core.rmem_max allows. Many nodes may ask in the same moment.
const udpBuffer = 4 << 20

func listenUDP(ctx context.Context) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: askForDestination}
	conn, err := config.ListenPacket(ctx, "udp", ":0")
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn)
	_ = udp.SetReadBuffer(udpBuffer)
	return udp, nil
}

// askForDestination makes the kernel name the address each datagram was sent to
// (ip(7) IP_PKTINFO, RFC 3542 IPV6_RECVPKTINFO). On a host with several
// addresses an answer from another one than was asked would never be accepted.
func askForDestination(network, _ string, c syscall.RawConn) error {
	var err error
	if cerr := c.Control(func(fd uintptr) {
		if network == "udp4" {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
			return
		}
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	}); cerr != nil {
		return cerr
	}
	if err != nil {
		return fmt.Errorf("asking for destination addresses: %w", err)
	}
	return nil
}

func (s *Server) serveUDP(ctx context.Context) error {
	request := make([]byte, 1<<16)
	control := make([]byte, 256)
	for {
		n, cn, _, from, err := s.udp.ReadMsgUDPAddrPort(request, control)
		if err != nil {
			if passing(err) && pause(ctx, acceptPause) {
				continue
			}
			return fmt.Errorf("receiving: %w", err)
		}
		s.answerUDP(request[:n], control[:cn], from)
	}
}

// answerUDP ignores what is not a request, or is so short that the answer would
// be the longer one. A send that fails is the same to the far end as a lost answer.
func (s *Server) answerUDP(request, control []byte, from netip.AddrPort) {
	nonce, err := ParseRequest(request)
	if err != nil || len(request) < MinDatagram {
		return
	}
	answer := AppendReply(nil, Reply{
		Nonce: nonce, Received: uint32(len(request)), Seen: unmapped(from), Peer: s.peer,
	})
	_, _, _ = s.udp.WriteMsgUDPAddrPort(answer, sourceFrom(control), from)
}

// sourceFrom turns the control message "sent to this address" into "send from
// this address". The interface is only kept for link-local addresses, which mean
// nothing without it; everywhere else routing decides.
func sourceFrom(control []byte) []byte {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= unix.SizeofInet6Pktinfo:
			info := unix.Inet6Pktinfo{Addr: [16]byte(m.Data[:16])}
			if netip.AddrFrom16(info.Addr).IsLinkLocalUnicast() {
				info.Ifindex = binary.NativeEndian.Uint32(m.Data[16:20])
			}
			return unix.PktInfo6(&info)
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo:
			// struct in_pktinfo: interface, the local address to answer from, the header's destination.
			return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte(m.Data[8:12])})
		}
	}
	return nil
}
