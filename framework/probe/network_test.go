package probe_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/probe"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// childRole makes the test binary play a part in a namespace instead of running tests.
const childRole = "PLUMBLINE_TEST_ROLE"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(childRole) {
	case "serve":
		err = playServer()
	case "probe":
		err = playProber()
	default:
		m.Run()
	}
	if err != nil {
		panic(err)
	}
}

// playServer answers until it is killed or its stdin closes.
func playServer() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server, err := echo.Listen(ctx, os.Args[1])
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(server.Ports()); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return server.Serve(ctx)
}

func playProber() error {
	var plan wire.Plan
	if err := json.NewDecoder(os.Stdin).Decode(&plan); err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	return probe.Run(context.Background(), plan, func(l wire.Line) error { return lines.Encode(l) })
}

// serveIn starts an echo server in a namespace and gives its ports.
func serveIn(t testing.TB, n *netlab.Namespace, peer string) facts.Ports {
	t.Helper()
	return serveAs(t, n, peer, func(*exec.Cmd) {})
}

// serveAs does the same with a process that was changed before its start.
func serveAs(t testing.TB, n *netlab.Namespace, peer string, change func(*exec.Cmd)) facts.Ports {
	t.Helper()
	c := role(t, "serve", peer)
	change(c)
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close() })
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.Start(t, c)
	var ports facts.Ports
	if err := json.NewDecoder(out).Decode(&ports); err != nil {
		t.Fatalf("the server %s said nothing: %v", peer, err)
	}
	return ports
}

func role(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(t.Context()), self, args...)
	c.Env = append(os.Environ(), childRole+"="+role)
	c.Stderr = os.Stderr
	return c
}

// probeIn runs a plan in a namespace and gives its rows by flow.
func probeIn(t testing.TB, n *netlab.Namespace, plan wire.Plan) map[facts.Flow]facts.Row {
	t.Helper()
	return probeAs(t, n, plan, func(*exec.Cmd) {})
}

// probeAs does the same with a process that was changed before its start.
func probeAs(t testing.TB, n *netlab.Namespace, plan wire.Plan, change func(*exec.Cmd)) map[facts.Flow]facts.Row {
	t.Helper()
	raw, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	c := role(t, "probe")
	change(c)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.Start(t, c)
	if _, err := in.Write(raw); err != nil {
		t.Fatal(err)
	}
	rows := map[facts.Flow]facts.Row{}
	done := false
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l wire.Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if l.Row != nil {
			rows[l.Row.Flow] = l.Row.Row
		}
		done = done || l.Done != nil
	}
	if !done {
		t.Fatal("the answer ended without Done")
	}
	return rows
}

// planOf asks for one flow; time-outs are short, as the networks are small.
func planOf(flow facts.Flow, targets ...facts.Target) wire.Plan {
	return wire.Plan{
		Version: wire.Version, Run: "test", From: facts.Vantage{Kind: flow.From, Node: "here"},
		Seed: 1, DeadlineMillis: 60_000,
		Flows:  []wire.PlannedFlow{{Flow: flow, Targets: targets}},
		Timing: wire.Timing{ConnectMillis: 700, ReplyMillis: 350, Attempts: 2, Parallel: 16},
	}
}

func flowOf(via facts.Via, addr netip.Addr) facts.Flow {
	f := facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: via, Family: facts.IPv4, Look: facts.Main}
	if addr.Is6() {
		f.Family = facts.IPv6
	}
	return f
}

// observed is one cell with its record.
type observed struct {
	facts.Cell
	row    facts.Row
	detail *facts.Detail
}

// failed is the first attempt with the cell's outcome; there has to be one.
func (o observed) failed(t testing.TB) facts.Attempt {
	t.Helper()
	if o.detail != nil {
		for _, a := range o.detail.Attempts {
			if a.Outcome == o.Outcome {
				return a
			}
		}
	}
	t.Fatalf("no attempt with the outcome is recorded: %+v %+v", o.Cell, o.detail)
	return facts.Attempt{}
}

// probeOne probes one target from a namespace.
func probeOne(t testing.TB, n *netlab.Namespace, via facts.Via, target facts.Target) observed {
	t.Helper()
	flow := flowOf(via, target.Addr)
	row, ok := probeIn(t, n, planOf(flow, target))[flow]
	if !ok {
		t.Fatal("the flow has no row")
	}
	if len(row.Cells) != 1 {
		t.Fatalf("%d cells, one is expected: %s", len(row.Cells), row.NotRun)
	}
	return observed{Cell: row.Cells[0], row: row, detail: row.Detail(0)}
}
