package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	// maxRead bounds what is kept of a packet, in bytes: all headers there may be,
	// and all of an ordinary one. Its whole length is known all the same.
	maxRead = 2048
	// bufferSize is what may wait in the socket, in bytes as the kernel counts them.
	bufferSize = 8 << 20
)

// frameRead is one packet as the socket gave it; data begins with the IP header,
// and holds until the next one is read.
type frameRead struct {
	at time.Time
	unix.RawSockaddrLinklayer
	data   []byte
	length int
}

// out: a copy of what the host is sending (PACKET_OUTGOING, packet(7)).
func (f frameRead) out() bool { return f.Pkttype == unix.PACKET_OUTGOING }

// tap is the packet socket. It is cooked (SOCK_DGRAM): on every kind of device a
// packet begins with its IP header, whatever stands before that.
type tap struct {
	file *os.File
	conn syscall.RawConn
	data [maxRead]byte
	oob  [256]byte
}

// openTap opens the socket on all interfaces. It hears nothing before it has its
// filter: until it is bound, its protocol is none.
func openTap(filter []bpf.RawInstruction) (*tap, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a packet socket: %w", err)
	}
	if err := prepare(fd, filter); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	t := &tap{file: os.NewFile(uintptr(fd), "packet socket")}
	if t.conn, err = t.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening a packet socket: %w", err), t.file.Close())
	}
	return t, nil
}

func prepare(fd int, filter []bpf.RawInstruction) error {
	code := make([]unix.SockFilter, 0, len(filter))
	for _, i := range filter {
		code = append(code, unix.SockFilter{Code: i.Op, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	program := &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program); err != nil {
		return fmt.Errorf("attaching the filter: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("asking for the time of packets: %w", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bufferSize) != nil {
		// Without CAP_NET_ADMIN it is as large as net.core.rmem_max allows.
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize); err != nil {
			return fmt.Errorf("setting the receive buffer: %w", err)
		}
	}
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all}); err != nil {
		return fmt.Errorf("binding the packet socket: %w", err)
	}
	return nil
}

func (t *tap) close() error { return t.file.Close() }

// interrupt ends the reading that waits.
func (t *tap) interrupt() { _ = t.file.SetReadDeadline(time.Unix(1, 0)) }

// next waits for a packet; after interrupt the error is os.ErrDeadlineExceeded.
func (t *tap) next() (f frameRead, err error) {
	var problem error
	err = t.conn.Read(func(fd uintptr) bool {
		f, problem = t.receive(int(fd))
		return !errors.Is(problem, unix.EAGAIN)
	})
	return f, errors.Join(err, problem)
}

// waiting gives a packet that is there already, or EAGAIN.
func (t *tap) waiting() (f frameRead, err error) {
	var problem error
	err = t.conn.Control(func(fd uintptr) { f, problem = t.receive(int(fd)) })
	return f, errors.Join(err, problem)
}

// receive reads one packet. MSG_TRUNC has the kernel tell the whole length.
func (t *tap) receive(fd int) (frameRead, error) {
	n, oobn, _, from, err := unix.Recvmsg(fd, t.data[:], t.oob[:], unix.MSG_TRUNC|unix.MSG_DONTWAIT)
	if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) {
		err = unix.EAGAIN // an interface went down; the others go on
	}
	if err != nil {
		return frameRead{}, err
	}
	f := frameRead{at: sentAt(t.oob[:oobn]), length: n, data: t.data[:min(n, maxRead)]}
	if link, ok := from.(*unix.SockaddrLinklayer); ok {
		f.RawSockaddrLinklayer = unix.RawSockaddrLinklayer{
			Protocol: link.Protocol, Ifindex: int32(link.Ifindex), Hatype: link.Hatype, Pkttype: link.Pkttype, Halen: link.Halen, Addr: link.Addr,
		}
	}
	return f, nil
}

// sentAt is the kernel's time of a packet (struct timespec in SCM_TIMESTAMPNS); now, where it has none.
func sentAt(oob []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return time.Now()
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_TIMESTAMPNS {
			continue
		}
		switch len(m.Data) { // two longs
		case 16:
			return time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		case 8:
			return time.Unix(int64(binary.NativeEndian.Uint32(m.Data)), int64(binary.NativeEndian.Uint32(m.Data[4:])))
		}
	}
	return time.Now()
}

// lost is how many packets of the flow found no room in the socket.
func (t *tap) lost() int {
	var lost int
	err := t.conn.Control(func(fd uintptr) {
		if s, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			lost = int(s.Drops)
		}
	})
	if err != nil {
		return 0 // the socket is closed
	}
	return lost
}
