package echo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Ports of the default NodePort range (service-node-port-range of the API
// server) are left alone: on the host's network kube-proxy could take the port
// for a Service, and what answers there would not be this server.
const (
	nodePortFirst = 30000
	nodePortLast  = 32767
	choices       = 64
)

// holder is anything that occupies a port while it is open.
type holder interface {
	io.Closer
	Addr() net.Addr
}

// choose opens until the kernel hands out a port outside the NodePort range. A
// port that was not wanted is held until the end, so that it is not offered twice.
func choose[H any](open func() (H, error)) (H, uint16, error) {
	var none H
	var unwanted []io.Closer
	defer func() {
		for _, c := range unwanted {
			_ = c.Close()
		}
	}()
	for range choices {
		h, err := open()
		if err != nil {
			return none, 0, err
		}
		port, closer := portOf(h)
		if port < nodePortFirst || port > nodePortLast {
			return h, port, nil
		}
		unwanted = append(unwanted, closer)
	}
	return none, 0, fmt.Errorf("the kernel offered only ports of the NodePort range %d-%d", nodePortFirst, nodePortLast)
}

func portOf(h any) (uint16, io.Closer) {
	switch h := h.(type) {
	case *net.UDPConn:
		return h.LocalAddr().(*net.UDPAddr).AddrPort().Port(), h
	case holder:
		return h.Addr().(*net.TCPAddr).AddrPort().Port(), h
	default:
		panic(fmt.Sprintf("no port is known of %T", h))
	}
}

// listenTCP with an empty host is one socket for both families where the kernel
// has both (net.Listen).
func listenTCP(ctx context.Context) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", ":0")
}

// reservation is a TCP port that is bound but not listening: the kernel gives it
// to nobody else and answers every SYN with a RST (RFC 9293, 3.10.7.1).
type reservation struct {
	file *os.File
	addr net.TCPAddr
}

func reserve() (*reservation, error) {
	fd, addr, err := bound(unix.AF_INET6, &unix.SockaddrInet6{})
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
		fd, addr, err = bound(unix.AF_INET, &unix.SockaddrInet4{})
	}
	if err != nil {
		return nil, err
	}
	return &reservation{file: os.NewFile(uintptr(fd), "closed port"), addr: addr}, nil
}

func bound(family int, to unix.Sockaddr) (int, net.TCPAddr, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, net.TCPAddr{}, fmt.Errorf("opening a socket: %w", err)
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if err == nil {
		err = unix.Bind(fd, to)
	}
	var got unix.Sockaddr
	if err == nil {
		got, err = unix.Getsockname(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, net.TCPAddr{}, fmt.Errorf("binding: %w", err)
	}
	switch got := got.(type) {
	case *unix.SockaddrInet4:
		return fd, net.TCPAddr{IP: got.Addr[:], Port: got.Port}, nil
	case *unix.SockaddrInet6:
		return fd, net.TCPAddr{IP: got.Addr[:], Port: got.Port}, nil
	default:
		_ = unix.Close(fd)
		return 0, net.TCPAddr{}, fmt.Errorf("binding: the kernel named a %T", got)
	}
}

func (r *reservation) Addr() net.Addr { return &r.addr }

func (r *reservation) Close() error { return r.file.Close() }
