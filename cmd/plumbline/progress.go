package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// progress writes what goes on to stderr. On a terminal the phase under way is
// one line that is rewritten in place, and stays with its duration once it is
// over. Elsewhere it is a line per phase, and when a phase takes long, that it is
// still going on. A finished check is a line in both.
type progress struct {
	mu     sync.Mutex // guards all of it: phases come from several goroutines
	out    io.Writer
	screen screen
	now    func() time.Time
	phase  string
	since  time.Time
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, screen: screenOf(out), now: time.Now}
}

// Phase begins a part of the run, and ends the one before.
func (p *progress) Phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over()
	p.phase, p.since = name, p.now()
	if p.screen.live {
		p.draw()
		return
	}
	fmt.Fprintf(p.out, "… %s\n", name)
}

// Note is one line about something worth knowing now.
func (p *progress) Note(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintf(p.out, "  %s\n", note)
	p.draw()
}

// Done is a line for a finished check.
func (p *progress) Done(c check.Check, r check.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over()
	line := report.Check{ID: c.ID, Level: c.Level, Verdict: r.Verdict, Why: r.Why, Findings: r.Findings}
	fmt.Fprintln(p.out, text.Line(line, p.screen.options()))
}

// finished is a phase that is over: "  probing                    3.0 s".
const finished = "  %-40s %6.1f s\n"

// over ends the phase under way.
func (p *progress) over() {
	if p.phase == "" {
		return
	}
	if p.screen.live {
		p.erase()
		fmt.Fprintf(p.out, finished, p.phase, p.now().Sub(p.since).Seconds())
	}
	p.phase = ""
}

// eraseLine goes to the line's beginning and clears it to its end (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

func (p *progress) erase() {
	if p.screen.live && p.phase != "" {
		fmt.Fprint(p.out, eraseLine)
	}
}

// draw writes the live line, never wider than the terminal: a line that wraps
// could not be rewritten.
func (p *progress) draw() {
	if !p.screen.live || p.phase == "" {
		return
	}
	line := fmt.Sprintf("… %s (%.0f s)", p.phase, p.now().Sub(p.since).Truncate(time.Second).Seconds())
	fmt.Fprint(p.out, eraseLine+plain.Cut(line, p.screen.columns()-1))
}

const (
	// heartbeatInterval is below the minute after which watchers of a log worry.
	heartbeatInterval = 20 * time.Second
	redrawInterval    = 250 * time.Millisecond
)

// heartbeat tells of the phase under way until stop is called, which ends it.
func (p *progress) heartbeat(ctx context.Context) (stop func()) {
	// Not ended by an interruption: the clean-up after it is a phase too.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	interval := heartbeatInterval
	if p.screen.live {
		interval = redrawInterval
	}
	ticker := time.NewTicker(interval)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				p.beat()
			}
		}
	}()
	return func() {
		ticker.Stop()
		cancel()
		<-done
		p.mu.Lock()
		defer p.mu.Unlock()
		p.over()
	}
}

func (p *progress) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.phase == "":
	case p.screen.live:
		p.draw()
	default:
		fmt.Fprintf(p.out, "… still %s (%s)\n", p.phase, p.now().Sub(p.since).Round(time.Second))
	}
}
