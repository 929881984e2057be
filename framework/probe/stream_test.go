package probe

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func shortEnv() *env {
	return newEnv(wire.Timing{ConnectMillis: 400, ReplyMillis: 300, Attempts: 2, Parallel: 8})
}

// farEnd accepts connections on loopback and treats each as it is told.
func farEnd(t *testing.T, treat func(net.Conn)) facts.Target {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				treat(c)
			}()
		}
	}()
	return targetAt(l.Addr())
}

func targetAt(a net.Addr) facts.Target {
	at := netip.MustParseAddrPort(a.String())
	return facts.Target{ID: "far", Addr: at.Addr(), Port: at.Port(), Peers: []string{"far"}, Name: "kubernetes.default.svc.cluster.local."}
}

// readRequest reads a whole echo request, so that closing does not reset.
func readRequest(c net.Conn) echo.Nonce {
	var b [echo.RequestLen]byte
	_, _ = io.ReadFull(c, b[:])
	n, _ := echo.ParseRequest(b[:])
	return n
}

func TestWhatAFarEndDoesAfterTheHandshakeIsTold(t *testing.T) {
	cases := map[string]struct {
		treat func(net.Conn)
		want  facts.Outcome
		note  string
	}{
		"it answers": {func(c net.Conn) {
			_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Nonce: readRequest(c), Peer: "far"}))
		}, facts.OK, ""},
		"it says nothing":             {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, facts.Timeout, noteConnected},
		"it closes":                   {func(c net.Conn) { readRequest(c) }, facts.Reset, noteClosed},
		"it resets":                   {func(c net.Conn) { readRequest(c); _ = c.(*net.TCPConn).SetLinger(0) }, facts.Reset, ""},
		"it closes within its answer": {func(c net.Conn) { readRequest(c); _, _ = c.Write([]byte("PLA1")) }, facts.Reset, noteClosed},
		"it speaks another protocol":  {func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, strings.Repeat("HTTP/1.1 400 ", 9)) }, facts.Garbled, "echo protocol"},
		"it answers with another nonce": {func(c net.Conn) {
			readRequest(c)
			_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Peer: "far"}))
		}, facts.Garbled, "another nonce"},
		"it is somebody else": {func(c net.Conn) {
			_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Nonce: readRequest(c), Peer: "stranger"}))
		}, facts.Garbled, "stranger"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := tryTCP(t.Context(), shortEnv(), farEnd(t, c.treat))
			if a.Outcome != c.want || !strings.Contains(a.Note, c.note) || (c.note == "") != (a.Note == "") {
				t.Errorf("%+v, %s with %q is expected", a, c.want, c.note)
			}
		})
	}
}

func TestATargetWithoutPeersIsOnlyConnectedTo(t *testing.T) {
	target := farEnd(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	target.Peers = nil
	if a := tryTCP(t.Context(), shortEnv(), target); a.Outcome != facts.OK || a.Micros == 0 {
		t.Errorf("%+v", a)
	}
}

func TestAnInterruptedAttemptObservedNothing(t *testing.T) {
	target := farEnd(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, once := range map[string]try{"tcp": tryTCP, "tls": tryTLS, "dns": tryDNSTCP} {
		if a := once(ctx, shortEnv(), target); a.Outcome != facts.NotRun || a.Note != cutShort {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestATLSHandshakeIsCompletedOrTheReasonTold(t *testing.T) {
	good := httptest.NewTLSServer(http.NotFoundHandler())
	defer good.Close()
	target := targetAt(good.Listener.Addr())
	if a := tryTLS(t.Context(), shortEnv(), target); a.Outcome != facts.OK || !strings.Contains(a.Note, "example.com") {
		t.Errorf("a server with a certificate: %+v", a)
	}
	cases := map[string]struct {
		treat func(net.Conn)
		want  facts.Outcome
	}{
		"silence after the connect": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, facts.Timeout},
		"a close":                   {func(c net.Conn) { hello(c) }, facts.Reset},
		"a reset":                   {func(c net.Conn) { hello(c); _ = c.(*net.TCPConn).SetLinger(0) }, facts.Reset},
		"another protocol":          {func(c net.Conn) { hello(c); _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, facts.Garbled},
		"an alert": {func(c net.Conn) {
			_ = tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS13}).HandshakeContext(context.Background())
		}, facts.Garbled},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := tryTLS(t.Context(), shortEnv(), farEnd(t, c.treat)); a.Outcome != c.want {
				t.Errorf("%+v, %s is expected", a, c.want)
			}
		})
	}
}

// hello reads one TLS record.
func hello(c net.Conn) {
	var head [5]byte
	if _, err := io.ReadFull(c, head[:]); err == nil {
		_, _ = io.CopyN(io.Discard, c, int64(head[3])<<8|int64(head[4]))
	}
}
