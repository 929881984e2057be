package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// session is one exec call that answers several plans, one after the other.
type session struct {
	vantage vantage
	stdin   *io.PipeWriter
	stdout  *io.PipeReader
	answers *json.Decoder
	bytes   *counter
	stderr  *bytes.Buffer
	ended   chan struct{}
	// broken says why it answers no more.
	broken string
}

// sessions are those with all vantages that can answer.
type sessions struct {
	collector *Collector
	all       []*session
}

// converseWith begins a session with each of the vantages. Whoever begins them ends them.
func (c *Collector) converseWith(ctx context.Context, asked []vantage) *sessions {
	out := &sessions{collector: c}
	for _, v := range asked {
		s := &session{vantage: v, ended: make(chan struct{})}
		out.all = append(out.all, s)
		if !v.agent.Ready {
			s.broken = v.agent.NotRun
			continue
		}
		in, stdin := io.Pipe()
		stdout, output := io.Pipe()
		s.stdin, s.stdout, s.stderr = stdin, stdout, &bytes.Buffer{}
		s.bytes = &counter{from: stdout}
		s.answers = json.NewDecoder(s.bytes)
		go func() {
			err := c.execute(ctx, v.agent.Pod, in, output, &limited{to: s.stderr, left: 4 << 10})
			_ = output.CloseWithError(err)
			_ = in.CloseWithError(io.ErrClosedPipe) // whoever writes a plan must not wait for ever
			close(s.ended)                          // the error is read with the last reply
		}()
	}
	return out
}

// ask sends all of them the same plan and gives their answers.
func (s *sessions) ask(ctx context.Context, plan wire.Plan) []topology.Answer {
	out := make([]topology.Answer, len(s.all))
	var wg sync.WaitGroup
	limit := make(chan struct{}, s.collector.options.Parallel)
	for i, one := range s.all {
		own := plan
		own.Version, own.Run, own.From, own.Seed, own.More = wire.Version, s.collector.run.ID, one.vantage.from, uint64(i+1), true
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			r := one.answer(ctx, own)
			out[i] = r.Answer
			s.collector.countAttempts(r)
		})
	}
	wg.Wait()
	return out
}

// answer sends one plan and reads its answer. What breaks a session is the answer to
// all later plans, too.
func (s *session) answer(ctx context.Context, plan wire.Plan) reply {
	out := reply{Answer: topology.Answer{From: plan.From}}
	if s.broken != "" {
		out.NotRun = s.broken
		return out
	}
	limit := time.Duration(plan.DeadlineMillis)*time.Millisecond + execSlack
	bounded, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	stop := context.AfterFunc(bounded, func() {
		_ = s.stdin.CloseWithError(context.Cause(bounded))
		_ = s.stdout.CloseWithError(context.Cause(bounded))
	})
	defer stop()
	before := s.bytes.n
	err := json.NewEncoder(s.stdin).Encode(plan)
	if err == nil {
		err = out.readLines(s.answers)
	}
	out.bytes = s.bytes.n - before
	if out.done == nil && out.NotRun == "" {
		if err == nil {
			err = errNoEnd
		}
		out.NotRun = out.cutShort(err, s.stderr.String())
	}
	if out.NotRun != "" {
		s.broken = out.NotRun
	}
	return out
}

// end closes them, and counts one exec call for each.
func (s *sessions) end(ctx context.Context) {
	for _, one := range s.all {
		if one.stdin == nil {
			continue
		}
		_ = one.stdin.Close() // never fails (io.PipeWriter)
		select {
		case <-one.ended:
		case <-ctx.Done():
		case <-time.After(execSlack):
		}
		_ = one.stdout.Close()
		s.collector.count(reply{}, one.vantage.from.Node)
	}
}

// countAttempts adds what one round of a session cost; its exec call is counted at the end.
func (c *Collector) countAttempts(r reply) { c.count(r, "") }
