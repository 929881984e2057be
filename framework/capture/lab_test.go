package capture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// childRole makes the test binary watch the namespace it is in, as asked there,
// until stdin ends: only a process of its own is in a namespace with all threads.
const childRole = "PLUMBLINE_TEST_WATCH"

// told is what the child says: that it has begun, or what it saw.
type told struct {
	Watching bool
	Watch    facts.Watch
	File     []byte
	Error    string
}

func TestMain(m *testing.M) {
	if os.Getenv(childRole) == "" {
		m.Run()
		return
	}
	var ask wire.Watch
	if err := json.Unmarshal([]byte(os.Getenv(childRole)), &ask); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var out told
	say := json.NewEncoder(os.Stdout)
	watch, err := Run(ctx, ask, func() { _ = say.Encode(told{Watching: true}) }, func(part []byte) error {
		out.File = append(out.File, part...)
		return nil
	})
	if out.Watch = watch; err != nil {
		out.Error = err.Error()
	}
	if err := say.Encode(out); err != nil {
		panic(err)
	}
}

// watched watches in the namespace while the flow is sent.
func watched(t *testing.T, n *netlab.Namespace, ask wire.Watch, send func()) told {
	t.Helper()
	return watchedBy(t, n, ask, nil, send)
}

// watchedBy does so through another command ("setpriv …").
func watchedBy(t *testing.T, n *netlab.Namespace, ask wire.Watch, through []string, send func()) told {
	t.Helper()
	asked, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(through, self)
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	c.Env, c.Stderr = append(os.Environ(), childRole+"="+string(asked)), os.Stderr
	in, inErr := c.StdinPipe()
	out, outErr := c.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	n.Start(t, c)
	lines := json.NewDecoder(bufio.NewReader(out))
	var begun, seen told
	if err := lines.Decode(&begun); err != nil || !begun.Watching {
		t.Fatalf("%+v %v", begun, err)
	}
	send()
	if ask.Millis >= longWatch {
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if seen.Error != "" {
		t.Fatal(seen.Error)
	}
	return seen
}

// longWatch is a watch that the end of stdin ends, in milliseconds.
const longWatch = 60_000

// cluster is two nodes with a pod each, joined by a VXLAN between their bridges'
// subnets, as flannel does it.
type cluster struct{ pod, node [2]*netlab.Namespace }

func newCluster(t *testing.T) cluster {
	t.Helper()
	var c cluster
	for i, name := range []string{"a", "b"} {
		c.pod[i], c.node[i] = netlab.New(t, "pod-"+name), netlab.New(t, "node-"+name)
	}
	netlab.Join(t, c.node[0], "eth0", c.node[1], "eth0")
	for i := range 2 {
		own, far := i+1, 2-i
		netlab.Join(t, c.node[i], "vethpod", c.pod[i], "eth0")
		c.node[i].Set(t, "net/ipv4/ip_forward", "1")
		// Where bridges call the firewall, addresses are rewritten before the bridge is seen.
		err := c.node[i].Do(func() error { return os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("0"), 0) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		c.node[i].IP(t, fmt.Sprintf(`
			address add 192.0.2.1%[1]d/24 dev eth0
			link add cni0 type bridge
			link set vethpod master cni0
			link set cni0 address 02:00:00:00:01:0%[1]d up
			address add 10.244.%[1]d.1/24 dev cni0
			link add flannel.1 type vxlan id 1 dstport 8472 local 192.0.2.1%[1]d dev eth0 nolearning
			link set flannel.1 address 02:00:00:00:00:0%[1]d up
			address add 10.244.%[1]d.0/32 dev flannel.1
			route add 10.244.%[2]d.0/24 via 10.244.%[2]d.0 dev flannel.1 onlink
			neighbor add 10.244.%[2]d.0 lladdr 02:00:00:00:00:0%[2]d dev flannel.1 nud permanent`, own, far))
		fdb := fmt.Sprintf("fdb append 02:00:00:00:00:0%[1]d dev flannel.1 dst 192.0.2.1%[1]d", far)
		if err := c.node[i].Do(exec.CommandContext(t.Context(), "bridge", strings.Fields(fdb)...).Run); err != nil {
			t.Fatalf("bridge %s: %v", fdb, err)
		}
		c.pod[i].IP(t, fmt.Sprintf(`
			address add 10.244.%[1]d.%[2]d/24 dev eth0
			route add default via 10.244.%[1]d.1`, own, 3+2*own))
	}
	return c
}

// serve answers UDP with the same bytes and accepts TCP in the namespace.
func serve(t *testing.T, n *netlab.Namespace, addr netip.AddrPort) {
	t.Helper()
	err := n.Do(func() error {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = udp.Close() })
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = tcp.Close() })
		go answer(udp)
		go accept(tcp)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func answer(c *net.UDPConn) {
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		_, _ = c.WriteToUDPAddrPort(b[:n], from)
	}
}

func accept(l *net.TCPListener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}

// exchange sends a message and waits a moment for its answer.
func exchange(t *testing.T, n *netlab.Namespace, network, to string, message []byte) error {
	t.Helper()
	return n.Do(func() error {
		c, err := net.DialTimeout(network, to, 5*time.Second)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
			return err
		}
		if _, err := c.Write(message); err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 2048))
		return err
	})
}

// way writes sightings down, one a line: interface, direction, tunnel's ends, ends.
func way(packets []facts.Sighting, of func(facts.Sighting) bool) string {
	var lines []string
	for _, s := range packets {
		if !of(s) {
			continue
		}
		direction := "in"
		if s.Out {
			direction = "out"
		}
		line := fmt.Sprintf("%s(%s) %s %s>%s", s.Dev, s.Kind, direction, s.Src.Addr(), s.Dst.Addr())
		if s.Tunnel != "" {
			line += fmt.Sprintf(" %s %d %s>%s", s.Tunnel, s.VNI, s.OuterSrc.Addr(), s.OuterDst)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
