package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is one socket of our own rather than a net.Conn, because the reason of
// a failed connect (which router refused, and with which ICMP code) stands in
// the socket's error queue, and net closes the socket before it can be read.
type socket struct {
	file *os.File
	raw  syscall.RawConn
	v6   bool
	stop func() bool
}

// dial opens a socket and connects it. The time-out bounds everything done with
// it; the end of ctx cuts it short. A socket is returned also where connecting
// failed, for its error queue; only where none could be opened it is nil.
func dial(ctx context.Context, to netip.AddrPort, kind, proto int, timeout time.Duration, options ...option) (*socket, error) {
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	s, err := open(ctx, family, kind, proto, timeout)
	if err != nil {
		return nil, err
	}
	for _, o := range options {
		if err := s.set(o); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, s.connect(to)
}

// open makes a socket of an address family; of the Internet's families it keeps
// the ICMP errors.
func open(ctx context.Context, family, kind, proto int, timeout time.Duration) (*socket, error) {
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		return nil, fmt.Errorf("opening a socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "probe")
	s := &socket{file: file, v6: family == unix.AF_INET6}
	if s.raw, err = file.SyscallConn(); err == nil && family != unix.AF_PACKET {
		err = s.set(reportErrors())
	}
	if err == nil {
		err = file.SetDeadline(time.Now().Add(timeout))
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("preparing a socket: %w", err)
	}
	s.stop = context.AfterFunc(ctx, func() { _ = file.SetDeadline(time.Unix(1, 0)) })
	return s, nil
}

// option is a socket option with its name for each family; a name of 0 says
// that the family has no such option.
type option struct{ level4, name4, level6, name6, value int }

// reportErrors keeps ICMP errors in the error queue (ip(7) IP_RECVERR).
func reportErrors() option {
	return option{unix.IPPROTO_IP, unix.IP_RECVERR, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1}
}

func (s *socket) set(o option) error {
	level, name := o.level4, o.name4
	if s.v6 {
		level, name = o.level6, o.name6
	}
	if name == 0 {
		return nil
	}
	var err error
	if cerr := s.raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, name, o.value) }); cerr != nil {
		return cerr
	}
	return err
}

func (s *socket) connect(to netip.AddrPort) error {
	var err error
	if cerr := s.raw.Control(func(fd uintptr) { err = unix.Connect(int(fd), sockaddr(to)) }); cerr != nil {
		return cerr
	}
	// connect(2): after EINTR, too, the connection goes on being made.
	if !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.EINTR) {
		return err
	}
	werr := s.raw.Write(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, _ := unix.Poll(poll, 0); n == 0 {
			return false
		}
		var code int
		if code, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
			err = syscall.Errno(code)
		}
		return true
	})
	if werr != nil {
		return werr
	}
	return err
}

func (s *socket) send(b []byte) error {
	var err error
	werr := s.raw.Write(func(fd uintptr) bool {
		_, err = unix.Write(int(fd), b)
		return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
	if werr != nil {
		return werr
	}
	return err
}

func (s *socket) receive(b []byte) (int, error) {
	var n int
	var err error
	rerr := s.raw.Read(func(fd uintptr) bool {
		n, err = unix.Read(int(fd), b)
		return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
	if rerr != nil {
		return 0, rerr
	}
	return max(n, 0), err
}

// stream is the socket as a net.Conn, for the protocols of other packages. It is
// a duplicate and must be closed as well.
func (s *socket) stream(timeout time.Duration) (net.Conn, error) {
	conn, err := net.FileConn(s.file)
	if err != nil {
		return nil, fmt.Errorf("using the socket as a connection: %w", err)
	}
	return conn, conn.SetDeadline(time.Now().Add(timeout))
}

// local is the address the kernel chose, or the zero value.
func (s *socket) local() netip.AddrPort {
	var name unix.Sockaddr
	var err error
	if cerr := s.raw.Control(func(fd uintptr) { name, err = unix.Getsockname(int(fd)) }); cerr != nil || err != nil {
		return netip.AddrPort{}
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	default:
		return netip.AddrPort{}
	}
}

func (s *socket) close() {
	s.stop()
	_ = s.file.Close()
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}
