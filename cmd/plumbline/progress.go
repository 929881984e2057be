package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// progress writes what goes on to stderr: a line per phase and per finished
// check, and in between, when a phase takes long, that it is still going on.
type progress struct {
	mu    sync.Mutex // guards all of it: phases come from several goroutines
	out   io.Writer
	phase string
	since time.Time
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

// Phase begins a part of the run.
func (p *progress) Phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.since = name, time.Now()
	fmt.Fprintf(p.out, "… %s\n", name)
}

// Note is one line about something worth knowing now.
func (p *progress) Note(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "  %s\n", note)
}

// Done is a line for a finished check.
func (p *progress) Done(c check.Check, r check.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = ""
	line := report.Check{ID: c.ID, Level: c.Level, Verdict: r.Verdict, Why: r.Why, Findings: r.Findings}
	fmt.Fprintln(p.out, text.Line(line, terminal(p.out)))
}

// heartbeatInterval is below the minute after which watchers of a log worry.
const heartbeatInterval = 20 * time.Second

// heartbeat tells of a phase that takes long, until stop is called.
func (p *progress) heartbeat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ticker := time.NewTicker(heartbeatInterval)
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
	}
}

func (p *progress) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != "" {
		fmt.Fprintf(p.out, "… still %s (%s)\n", p.phase, time.Since(p.since).Round(time.Second))
	}
}
