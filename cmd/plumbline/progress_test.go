package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
)

// emulator is as much of a terminal as progress uses: what a person sees after
// each write. It does not wrap, so a line that is too long shows.
type emulator struct {
	lines  []string // the last one holds the cursor
	widest int
}

func (e *emulator) Write(p []byte) (int, error) {
	if len(e.lines) == 0 {
		e.lines = []string{""}
	}
	rest := string(p)
	for rest != "" {
		last := &e.lines[len(e.lines)-1]
		switch {
		case strings.HasPrefix(rest, eraseLine):
			*last, rest = "", rest[len(eraseLine):]
		case rest[0] == '\n':
			e.lines, rest = append(e.lines, ""), rest[1:]
		default:
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest)
			}
			*last, rest = *last+rest[:end], rest[end:]
			e.widest = max(e.widest, len([]rune(*last)))
		}
	}
	return len(p), nil
}

func (e *emulator) holds(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(e.lines, want) {
		t.Errorf("the screen shows\n%s\nwant\n%s", strings.Join(e.lines, "\n"), strings.Join(want, "\n"))
	}
}

// clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time         { return c.at }
func (c *clock) passes(d time.Duration) { c.at = c.at.Add(d) }
func columns(n int) func() int          { return func() int { return n } }
func passing() (check.Check, check.Result) {
	return check.Check{ID: "kernel/good"}, check.Result{Verdict: check.Pass, Why: "3 of 3"}
}

func TestOnATerminalAPhaseIsOneLineThatStaysWithItsDuration(t *testing.T) {
	var e emulator
	var c clock
	p := &progress{out: &e, screen: screen{live: true, width: columns(100)}, now: c.now}
	p.Phase("placing the node agents")
	e.holds(t, "… placing the node agents (0 s)")
	c.passes(1900 * time.Millisecond)
	p.beat()
	e.holds(t, "… placing the node agents (1 s)")
	p.Note("n2: ImagePullBackOff: no such image")
	e.holds(t, "  n2: ImagePullBackOff: no such image", "… placing the node agents (1 s)")
	c.passes(time.Second)
	p.Phase("probing")
	placed := "  placing the node agents                     2.9 s"
	e.holds(t, "  n2: ImagePullBackOff: no such image", placed, "… probing (0 s)")
	c.passes(12 * time.Second)
	p.Done(passing())
	p.beat() // nothing is under way any more
	e.holds(t, "  n2: ImagePullBackOff: no such image", placed, "  probing                                    12.0 s",
		"PASS  kernel/good                    3 of 3", "")
}

func TestALiveLineNeverWraps(t *testing.T) {
	var e emulator
	var c clock
	p := &progress{out: &e, screen: screen{live: true, width: columns(24)}, now: c.now}
	p.Phase("taking the first look at every host")
	c.passes(time.Hour)
	p.beat()
	if e.widest > 23 || e.widest < 20 {
		t.Errorf("%d of 24 columns were used: %q", e.widest, e.lines)
	}
}

func TestElsewhereThereIsALineForEachPhaseAndAHeartbeat(t *testing.T) {
	var e emulator
	var c clock
	p := &progress{out: &e, now: c.now}
	p.Phase("probing")
	c.passes(20 * time.Second)
	p.beat()
	p.Note("n3 does not answer")
	p.Phase("removing everything again")
	p.Done(passing())
	p.beat()
	e.holds(t, "… probing", "… still probing (20s)", "  n3 does not answer", "… removing everything again",
		"PASS  kernel/good                    3 of 3", "")
}

func TestTheHeartbeatEndsTheLastPhase(t *testing.T) {
	var e emulator
	p := &progress{out: &e, screen: screen{live: true, width: columns(100)}, now: func() time.Time { return time.Time{} }}
	stop := p.heartbeat(t.Context())
	p.Phase("discovering the cluster")
	stop()
	e.holds(t, "  discovering the cluster                     0.0 s", "")
}

func TestColourIsOnTopOfTheWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		colour bool
		want   string
	}{
		{"with colour the word is still there", true, "\x1b[32mPASS\x1b[0m  kernel/good"},
		{"without colour nothing else changes", false, "PASS  kernel/good"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			p := &progress{out: &out, screen: screen{live: true, colour: c.colour, width: columns(100)}, now: time.Now}
			p.Done(passing())
			if !strings.HasPrefix(out.String(), c.want) {
				t.Errorf("got %q", out.String())
			}
		})
	}
}

func TestAFileIsNoScreen(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	for _, f := range []*os.File{file, null} {
		if s := screenOf(f); s.live || s.colour || s.options().Width != 0 {
			t.Errorf("%s: %+v", f.Name(), s)
		}
	}
}

func TestATerminalIsToldByItsKernelAndByTheEnvironment(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal can be opened here: %v", err)
	}
	defer func() { _ = terminal.Close() }()
	for _, c := range []struct {
		name, term, noColor string
		live, colour        bool
	}{
		{"a terminal is live and coloured", "xterm", "", true, true},
		{"NO_COLOR takes away the colour and nothing else", "xterm", "1", true, false},
		{"a dumb terminal is as good as a file", "dumb", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TERM", c.term)
			t.Setenv("NO_COLOR", c.noColor)
			if s := screenOf(terminal); s.live != c.live || s.colour != c.colour {
				t.Errorf("live %v, colour %v", s.live, s.colour)
			}
		})
	}
}
