package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// served runs the verb serve until the test ends and gives its identity.
func served(t *testing.T, stateDir string) wire.Identity {
	t.Helper()
	return servedAs(t, "host/n1", stateDir)
}

func servedAs(t *testing.T, peer, stateDir string) wire.Identity {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"serve", "--peer", peer, "--state-dir", stateDir}, streams{out: w, err: os.Stderr})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case s := <-status:
			if s != exitOK {
				t.Errorf("serve ended with status %d", s)
			}
		case <-time.After(10 * time.Second):
			t.Error("serve did not end")
		}
	})
	var id wire.Identity
	if err := json.NewDecoder(r).Decode(&id); err != nil {
		t.Fatal(err)
	}
	deadline, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for { // the identity is printed before it is published
		if got, err := published(stateDir); err == nil && got.Ports == id.Ports || deadline.Err() != nil {
			return id
		}
	}
}

// answered runs the verb batch and gives the lines of its answer.
func answered(t *testing.T, ctx context.Context, in io.Reader, args ...string) ([]wire.Line, int) {
	t.Helper()
	var out bytes.Buffer
	status := run(ctx, append([]string{"batch"}, args...), streams{in: in, out: &out, err: io.Discard})
	var lines []wire.Line
	d := json.NewDecoder(&out)
	for d.More() {
		var l wire.Line
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines, status
}

func plan(flows ...wire.PlannedFlow) wire.Plan {
	return wire.Plan{
		Version: wire.Version, From: facts.Vantage{Kind: facts.FromHost, Node: "n1"}, DeadlineMillis: 20_000, Flows: flows,
		Timing: wire.Timing{ConnectMillis: 1000, ReplyMillis: 1000, Attempts: 2, Parallel: 4},
	}
}

func reader(t *testing.T, p wire.Plan) io.Reader {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(raw)
}

func flowTo(via facts.Via, port uint16) wire.PlannedFlow {
	return wire.PlannedFlow{
		Flow:    facts.Flow{From: facts.FromHost, To: facts.ToHost, Via: via, Family: facts.IPv4, Look: facts.First},
		Targets: []facts.Target{{ID: "host/n1", Node: "n1", Addr: netip.MustParseAddr("127.0.0.1"), Port: port, Peers: []string{"host/n1"}}},
	}
}

func TestABatchAnswersRowsIdentityHostAndDoneInThisOrder(t *testing.T) {
	dir := t.TempDir()
	id := served(t, dir)
	p := plan(flowTo(facts.TCP, id.Ports.TCP), flowTo(facts.UDP, id.Ports.UDP), flowTo(facts.Closed, id.Ports.Closed))
	p.Identity, p.Inspect = true, &wire.Inspect{Look: facts.First}
	// Stdin stays open behind the plan, as it may in an exec.
	open, keep := io.Pipe()
	defer func() { _ = keep.Close() }()
	lines, status := answered(t, t.Context(), io.MultiReader(reader(t, p), open), "--state-dir", dir)
	if status != exitOK || len(lines) != 6 {
		t.Fatalf("status %d, %d lines", status, len(lines))
	}
	for _, l := range lines[:3] {
		want := facts.OK
		if l.Row.Flow.Via == facts.Closed {
			want = facts.Refused
		}
		if c := l.Row.Row.Cells; len(c) != 1 || c[0].Outcome != want {
			t.Errorf("%s: %+v", l.Row.Flow.Key(), l.Row.Row)
		}
	}
	if got := lines[3].Identity; got == nil || got.Ports != id.Ports || got.Peer != "host/n1" {
		t.Errorf("identity %+v", got)
	}
	if h := lines[4].Host; h == nil || h.Node != "n1" || h.Look != facts.First || h.Kernel == "" {
		t.Errorf("host %+v", h)
	}
	if d := lines[5].Done; d == nil || d.Attempts != 3 {
		t.Errorf("done %+v", d)
	}
}

func TestAPlanThatIsWrongIsAnsweredWithOneErrorAndStatus2(t *testing.T) {
	good, err := json.Marshal(plan())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ in, says string }{
		"nothing":         {"", "stdin is empty"},
		"half of a plan":  {string(good[:20]), "unexpected EOF"},
		"an unknown key":  {strings.Replace(string(good), "{", `{"colour":"blue",`, 1), "colour"},
		"another version": {strings.Replace(string(good), fmt.Sprintf(`"version":%d`, wire.Version), `"version":9`, 1), "version 9"},
		"two plans":       {string(good) + string(good), "something follows"},
		"no deadline":     {strings.Replace(string(good), "20000", "0", 1), "deadline"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			lines, status := answered(t, t.Context(), strings.NewReader(c.in))
			if status != exitUsage || len(lines) != 1 || !strings.Contains(lines[0].Error, c.says) {
				t.Errorf("status %d, lines %+v; %q is expected", status, lines, c.says)
			}
		})
	}
}

func TestABatchThatIsInterruptedSaysSoAndIsNotDone(t *testing.T) {
	p := plan(flowTo(facts.UDP, silentPort(t)))
	p.Timing.ReplyMillis = 60_000
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	lines, status := answered(t, ctx, reader(t, p))
	if status != exitFailure || len(lines) != 2 || lines[0].Row == nil || lines[1].Error == "" {
		t.Errorf("status %d, lines %+v", status, lines)
	}
}

func TestABatchEndsBeforeItsDeadline(t *testing.T) {
	p := plan(flowTo(facts.UDP, silentPort(t)))
	p.Timing.ReplyMillis, p.DeadlineMillis = 60_000, 1000
	p.Inspect = &wire.Inspect{Look: facts.Main}
	lines, status := answered(t, t.Context(), reader(t, p))
	if status != exitOK || len(lines) != 3 || lines[0].Row.Row.NotRun == "" || lines[1].Host == nil {
		t.Fatalf("status %d, lines %+v", status, lines)
	}
	if d := lines[2].Done; d == nil || d.Millis > 1000 {
		t.Errorf("done %+v", d)
	}
}

func TestReadyFollowsTheServer(t *testing.T) {
	dir := t.TempDir()
	is := func() int {
		return run(t.Context(), []string{"ready", "--state-dir", dir}, streams{out: io.Discard, err: io.Discard})
	}
	if is() == exitOK {
		t.Error("ready before there is a server")
	}
	stale := filepath.Join(dir, identityFile)
	if err := os.WriteFile(stale, []byte(`{"peer":"old","ports":{"tcp":1}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	id := served(t, dir)
	deadline, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for is() != exitOK && deadline.Err() == nil {
	}
	got, err := published(dir)
	if err != nil || got.Ports != id.Ports || got.Peer != "host/n1" {
		t.Errorf("published %+v %v", got, err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("files left over: %v %v", names, err)
	}
}

func TestAWrongCommandLineIsStatus2AndSaysWhy(t *testing.T) {
	for says, args := range map[string][]string{
		"usage:":             nil,
		`no verb "dance"`:    {"dance"},
		"--peer is missing":  {"serve"},
		"not defined: -x":    {"batch", "-x"},
		`argument "further"`: {"ready", "further"},
	} {
		var out bytes.Buffer
		if status := run(t.Context(), args, streams{in: strings.NewReader(""), out: io.Discard, err: &out}); status != exitUsage {
			t.Errorf("%q: status %d", args, status)
		}
		if !strings.Contains(out.String(), says) {
			t.Errorf("%q says %q", args, out.String())
		}
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"version"}, streams{out: &out, err: io.Discard}); status != exitOK || !slices.Contains(strings.Fields(out.String()), "plumbline-agent") {
		t.Errorf("version: %d %q", status, out.String())
	}
}
