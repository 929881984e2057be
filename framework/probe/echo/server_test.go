package echo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func started(t *testing.T) facts.Ports {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Listen(ctx, "pod/n1")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serving ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server did not end")
		}
	})
	return s.Ports()
}

func dial(t *testing.T, network, host string, port uint16) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), network, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBothFamiliesAreAnsweredWithWhatTheServerSaw(t *testing.T) {
	ports := started(t)
	for _, host := range []string{"127.0.0.1", "127.0.0.7", "::1"} {
		tcp := dial(t, "tcp", host, ports.TCP)
		for range 2 { // several requests on one connection
			n := NewNonce()
			if _, err := tcp.Write(AppendRequest(nil, n, 0)); err != nil {
				t.Fatal(err)
			}
			r, err := ReadReply(tcp)
			if err != nil || r.Nonce != n || r.Peer != "pod/n1" || r.Seen.String() != tcp.LocalAddr().String() {
				t.Errorf("TCP %s: %+v %v", host, r, err)
			}
		}
		for _, size := range []int{MinDatagram, 1472, MaxDatagram} {
			udp := dial(t, "udp", host, ports.UDP)
			n := NewNonce()
			if _, err := udp.Write(AppendRequest(nil, n, size)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 2048)
			got, err := udp.Read(b)
			if err != nil {
				t.Fatalf("UDP %s with %d bytes: %v", host, size, err)
			}
			r, err := ParseReply(b[:got])
			if err != nil || r.Nonce != n || int(r.Received) != size || r.Seen.String() != udp.LocalAddr().String() {
				t.Errorf("UDP %s: %+v %v", host, r, err)
			}
		}
	}
}

func TestAKernelWithoutIPv6IsAnsweredFromTheAddressThatWasAsked(t *testing.T) {
	packets, err := (&net.ListenConfig{Control: askForDestination}).ListenPacket(t.Context(), "udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{peer: "pod/n1", udp: packets.(*net.UDPConn)}
	defer s.Close()
	go func() { _ = s.serveUDP(t.Context()) }()
	port := s.udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	udp := dial(t, "udp", "127.0.0.7", port) // connected: an answer from 127.0.0.1 would not arrive
	if _, err := udp.Write(AppendRequest(nil, NewNonce(), MinDatagram)); err != nil {
		t.Fatal(err)
	}
	if n, err := udp.Read(make([]byte, 2048)); n == 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestGarbageOverUDPIsIgnoredAndNothingIsAmplified(t *testing.T) {
	udp := dial(t, "udp", "127.0.0.1", started(t).UDP)
	for _, b := range [][]byte{
		{},
		[]byte("hello"), AppendRequest(nil, Nonce{1}, 0), AppendRequest(nil, Nonce{2}, MinDatagram-1),
		AppendReply(nil, Reply{Peer: strings.Repeat("x", MaxPeer)}),
	} {
		if _, err := udp.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	last := NewNonce()
	if _, err := udp.Write(AppendRequest(nil, last, MinDatagram)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2048)
	n, err := udp.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseReply(b[:n]); err != nil || r.Nonce != last {
		t.Errorf("the first answer is not that of the only proper request: %+v %v", r, err)
	}
}

func TestGarbageOverTCPClosesTheConnection(t *testing.T) {
	tcp := dial(t, "tcp", "127.0.0.1", started(t).TCP)
	if _, err := io.WriteString(tcp, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	n, err := tcp.Read(make([]byte, 1))
	if n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d bytes and %v; the end of the connection is expected", n, err)
	}
}

func TestTheClosedPortRefusesInBothFamiliesAndNobodyElseGetsIt(t *testing.T) {
	ports := started(t)
	for _, host := range []string{"127.0.0.1", "::1"} {
		at := net.JoinHostPort(host, fmt.Sprint(ports.Closed))
		if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", at); !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("%s: %v, a refusal is expected", at, err)
		}
		if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("%s: somebody else could listen there: %v %v", at, l, err)
		}
	}
}

func TestHTTPSaysThatTheServerIsUpAndWhomItSaw(t *testing.T) {
	base := fmt.Sprintf("http://127.0.0.1:%d", started(t).HTTP)
	get := func(path string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if status, _ := get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz gives %d", status)
	}
	if status, _ := get("/elsewhere"); status != http.StatusNotFound {
		t.Errorf("/elsewhere gives %d", status)
	}
	status, body := get("/echo")
	var seen Seen
	if err := json.Unmarshal([]byte(body), &seen); err != nil || status != http.StatusOK {
		t.Fatalf("/echo gives %d %q: %v", status, body, err)
	}
	if seen.Peer != "pod/n1" || seen.Seen.Addr() != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("/echo says %+v", seen)
	}
}

func TestTheFourPortsDifferAndLeaveTheNodePortsAlone(t *testing.T) {
	p := started(t)
	all := map[uint16]bool{p.TCP: true, p.UDP: true, p.HTTP: true, p.Closed: true}
	if len(all) != 4 || all[0] {
		t.Errorf("ports %+v", p)
	}
	offered := []uint16{30000, 32767, 31234, 40000}
	var closed int
	h, port, err := choose(func() (*fakeHolder, error) {
		f := &fakeHolder{port: offered[0], closed: &closed}
		offered = offered[1:]
		return f, nil
	})
	if err != nil || port != 40000 || h.port != 40000 || closed != 3 {
		t.Errorf("port %d, %d others given back, %v", port, closed, err)
	}
}

type fakeHolder struct {
	port   uint16
	closed *int
}

func (f *fakeHolder) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: int(f.port)} }
func (f *fakeHolder) Close() error   { *f.closed++; return nil }

func TestAServerNeedsAName(t *testing.T) {
	for _, peer := range []string{"", strings.Repeat("x", MaxPeer+1)} {
		if _, err := Listen(t.Context(), peer); err == nil {
			t.Errorf("a name of %d bytes is accepted", len(peer))
		}
	}
}
