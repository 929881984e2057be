package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// watchPlan watches a port of the loopback address for a minute at most.
func watchPlan(port uint16) wire.Plan {
	p := plan()
	p.DeadlineMillis = 90_000
	p.Watch = &wire.Watch{
		Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Ports: []uint16{port}, Protos: []string{"udp"},
		Millis: 60_000, Packets: 100, Bytes: 1 << 20, Capture: true,
	}
	return p
}

// lineByLine runs a batch and gives its lines as they come.
func lineByLine(t *testing.T, ctx context.Context, in io.Reader) (next func() (wire.Line, error), status <-chan int) {
	t.Helper()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"batch"}, streams{in: in, out: w, err: os.Stderr})
		_ = w.Close()
	}()
	d := json.NewDecoder(r)
	return func() (l wire.Line, err error) { return l, d.Decode(&l) }, ended
}

func TestAWatchSaysThatItBeganAndEndsWithStdinOrSIGTERM(t *testing.T) {
	netlab.Require(t)
	for name, signal := range map[string]bool{"the end of stdin": false, "SIGTERM": true} {
		t.Run(name, func(t *testing.T) {
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			at := c.LocalAddr().(*net.UDPAddr).AddrPort()
			open, closeIn := io.Pipe()
			ctx, terminate := context.WithCancel(t.Context())
			defer terminate()
			next, status := lineByLine(t, ctx, io.MultiReader(reader(t, watchPlan(at.Port())), open))
			if l, err := next(); err != nil || !l.Watching {
				t.Fatalf("%+v %v", l, err)
			}
			if _, err := c.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(at)); err != nil {
				t.Fatal(err)
			}
			if signal {
				terminate()
			} else {
				_ = closeIn.Close()
			}
			seen, captured := endOfWatch(t, next)
			if s := <-status; s != exitOK {
				t.Errorf("status %d", s)
			}
			if seen.NoDrops != "" {
				t.Logf("drops are not known: %s", seen.NoDrops)
			}
			if len(seen.Packets) != 2 || seen.Node != "n1" || seen.Truncated || !bytes.HasPrefix(captured, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
				t.Errorf("%+v, captured %d bytes", seen, len(captured))
			}
			_ = closeIn.Close()
		})
	}
}

// endOfWatch reads parts of the capture, the watch and the end, in this order.
func endOfWatch(t *testing.T, next func() (wire.Line, error)) (seen facts.Watch, captured []byte) {
	t.Helper()
	for {
		l, err := next()
		switch {
		case err != nil:
			t.Fatal(err)
		case l.Capture != nil:
			captured = append(captured, l.Capture...)
		case l.Watch != nil:
			if end, err := next(); err != nil || end.Done == nil {
				t.Fatalf("%+v %v", end, err)
			}
			return *l.Watch, captured
		default:
			t.Fatalf("%+v", l)
		}
	}
}

func TestAWatchEndsBeforeTheDeadlineOfItsBatch(t *testing.T) {
	netlab.Require(t)
	p := watchPlan(9)
	p.DeadlineMillis = 4000
	open, closeIn := io.Pipe()
	defer func() { _ = closeIn.Close() }()
	next, status := lineByLine(t, t.Context(), io.MultiReader(reader(t, p), open))
	if l, err := next(); err != nil || !l.Watching {
		t.Fatalf("%+v %v", l, err)
	}
	if seen, _ := endOfWatch(t, next); len(seen.Packets) > 0 || !seen.Truncated {
		t.Errorf("%+v", seen)
	}
	select {
	case s := <-status:
		if s != exitOK {
			t.Errorf("status %d", s)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

func TestAWatchIsABatchOfItsOwn(t *testing.T) {
	for says, change := range map[string]func(*wire.Plan){
		"batch of its own": func(p *wire.Plan) { p.Flows = []wire.PlannedFlow{flowTo(facts.UDP, 9)} },
		"without flows":    func(p *wire.Plan) { p.Inspect = &wire.Inspect{Look: facts.Main} },
		"no address":       func(p *wire.Plan) { p.Watch.Addrs = nil },
	} {
		p := watchPlan(9)
		change(&p)
		lines, status := answered(t, t.Context(), reader(t, p))
		if status != exitUsage || len(lines) != 1 || !strings.Contains(lines[0].Error, says) {
			t.Errorf("%s: status %d, %+v", says, status, lines)
		}
	}
}
