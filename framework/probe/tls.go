package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tryTLS connects and completes a TLS handshake; the time is that of both.
func tryTLS(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return e.connected(ctx, t, func(w *watch, s *socket) facts.Attempt {
		conn, err := s.stream(e.connect)
		if err != nil {
			return w.failed(ctx, s, err)
		}
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		return w.shake(ctx, s, conn, t.Name)
	})
}

func (w *watch) shake(ctx context.Context, s *socket, conn net.Conn, name string) facts.Attempt {
	client := tls.Client(conn, &tls.Config{
		ServerName: name,
		MinVersion: tls.VersionTLS12,
		// What is tested is whether the handshake gets through the network. Nothing
		// is sent afterwards, and the certificate is only described, so that a
		// stranger's answer can be seen.
		InsecureSkipVerify: true,
	})
	err := client.HandshakeContext(ctx)
	if err != nil {
		return w.unshaken(ctx, s, err)
	}
	w.lap()
	w.Outcome = facts.OK
	if certs := client.ConnectionState().PeerCertificates; len(certs) > 0 {
		w.Note = describe(certs[0])
	}
	return w.Attempt
}

// unshaken ends the attempt where the connection was made and the handshake was
// not: an error of the network keeps its class, everything else the far end said
// is Garbled, for no Kubernetes API server refuses a handshake.
func (w *watch) unshaken(ctx context.Context, s *socket, err error) facts.Attempt {
	var errno syscall.Errno
	var timeout net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &errno):
		return w.failed(ctx, s, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		a := w.failed(ctx, s, err)
		a.Note = noteClosed
		return a
	case errors.As(err, &timeout) && timeout.Timeout():
		w.lap()
		w.Outcome, w.Note = facts.Timeout, noteConnected
		return w.Attempt
	default:
		w.lap()
		return w.garbled("TLS: " + err.Error())
	}
}

// maxNames bounds how many names of a certificate are told.
const maxNames = 8

func describe(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	return fmt.Sprintf("certificate %s for %s%s", c.Subject, strings.Join(names, ", "), more)
}
