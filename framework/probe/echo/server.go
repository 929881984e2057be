package echo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Server answers over TCP, UDP and HTTP on ports the kernel chose, and keeps
// one more port closed on purpose.
type Server struct {
	peer   string
	ports  facts.Ports
	tcp    net.Listener
	udp    *net.UDPConn
	udp6   bool // the socket is one of IPv6, with IPv4 in its form
	http   net.Listener
	closed *reservation
	bulks  atomic.Int32
	// further are ports that were asked for by number.
	further []net.Listener
}

// Listen binds all ports on all addresses of both families (of IPv4 alone where
// the kernel has no IPv6), and further TCP ports by number, which must be free. Peer
// is the name the server answers with.
func Listen(ctx context.Context, peer string, further ...uint16) (*Server, error) {
	if peer == "" || len(peer) > MaxPeer {
		return nil, fmt.Errorf("the peer name has %d bytes, 1 to %d are possible", len(peer), MaxPeer)
	}
	s := &Server{peer: peer}
	if err := s.bind(ctx); err != nil {
		s.Close()
		return nil, err
	}
	for _, port := range further {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("listening on TCP port %d: %w", port, err)
		}
		s.further = append(s.further, listener)
	}
	return s, nil
}

func (s *Server) bind(ctx context.Context) (err error) {
	if s.tcp, s.ports.TCP, err = choose(func() (net.Listener, error) { return listenTCP(ctx) }); err != nil {
		return fmt.Errorf("listening on TCP: %w", err)
	}
	if s.http, s.ports.HTTP, err = choose(func() (net.Listener, error) { return listenTCP(ctx) }); err != nil {
		return fmt.Errorf("listening for HTTP: %w", err)
	}
	if s.closed, s.ports.Closed, err = choose(reserve); err != nil {
		return fmt.Errorf("reserving a closed port: %w", err)
	}
	if s.udp, s.ports.UDP, err = choose(func() (*net.UDPConn, error) { return listenUDP(ctx) }); err != nil {
		return fmt.Errorf("listening on UDP: %w", err)
	}
	s.udp6 = isIPv6(s.udp)
	return nil
}

// Ports are the ports that were chosen.
func (s *Server) Ports() facts.Ports { return s.ports }

// Serve answers until ctx ends (then it returns nil) or a listener fails.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, s.Close)
	defer stop()
	var running sync.WaitGroup
	for _, serve := range []func(context.Context) error{s.serveUDP, s.serveHTTP} {
		running.Go(func() { cancel(serve(ctx)) })
	}
	for _, listener := range append([]net.Listener{s.tcp}, s.further...) {
		running.Go(func() { cancel(s.serveTCP(ctx, listener)) })
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		running.Go(func() { s.serveTunnel(ctx, family) })
	}
	running.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close gives all ports back.
func (s *Server) Close() {
	if s.tcp != nil {
		_ = s.tcp.Close()
	}
	if s.http != nil {
		_ = s.http.Close()
	}
	if s.udp != nil {
		_ = s.udp.Close()
	}
	if s.closed != nil {
		_ = s.closed.Close()
	}
	for _, listener := range s.further {
		_ = listener.Close()
	}
}
