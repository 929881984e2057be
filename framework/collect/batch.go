package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// execSlack is what an exec may take longer than the batch it carries.
	execSlack = 15 * time.Second
)

// reply is everything one vantage answered to one plan.
type reply struct {
	topology.Answer
	identity *wire.Identity
	host     *facts.HostLook
	done     *wire.Done
	bytes    int
	// watch and capture are the answer of an agent that watched.
	watch   *facts.Watch
	capture []byte
}

// vantage is one place that is asked, with its agent and its work.
type vantage struct {
	from  facts.Vantage
	agent facts.Agent
	plan  wire.Plan
}

// vantages gives every node under test the work that is meant for it.
func (c *Collector) vantages(r role, kind facts.VantageKind, plan func(facts.Node) wire.Plan) []vantage {
	var out []vantage
	for _, n := range c.snapshot.Selected() {
		out = append(out, vantage{facts.Vantage{Kind: kind, Node: n.Name, Class: r.class}, *r.of(&n), plan(n)})
	}
	return out
}

// same is a plan that does not depend on the node.
func same(plan wire.Plan) func(facts.Node) wire.Plan {
	return func(facts.Node) wire.Plan { return plan }
}

// askAll sends every agent its work, one exec each, and gives every vantage's
// answer; a vantage that cannot answer says why.
func (c *Collector) askAll(ctx context.Context, asked []vantage) []reply {
	replies := make([]reply, len(asked))
	group := &errgroup.Group{}
	group.SetLimit(c.options.Parallel)
	for i, v := range asked {
		own := v.plan
		own.Version, own.Run, own.From, own.Seed = wire.Version, c.run.ID, v.from, uint64(i+1)
		if !v.agent.Ready {
			replies[i] = reply{Answer: topology.Answer{From: own.From, NotRun: v.agent.NotRun}}
			continue
		}
		group.Go(func() error {
			answer := c.exec(ctx, v.agent.Pod, own)
			replies[i] = answer
			c.count(answer, own.From.Node)
			return nil
		})
	}
	_ = group.Wait() // the functions record their errors in the replies
	return replies
}

// count adds one batch to the costs of the run; node is empty for the runner's own.
func (c *Collector) count(r reply, node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.snapshot.Stats
	s.Bytes += r.bytes
	if r.done != nil {
		s.Probes += r.done.Attempts
	}
	if node != "" {
		s.Execs++
		c.perNode[node]++
		s.ExecsPerNode = max(s.ExecsPerNode, c.perNode[node])
	}
}

// talk is what goes on beside a plan: stdin that stays open behind it, and who is
// told that a watch has begun. The zero value is a batch without either.
type talk struct {
	stdin io.Reader
	begun func()
}

// exec carries one plan to an agent. What arrived before a failure is kept.
func (c *Collector) exec(ctx context.Context, pod string, plan wire.Plan) reply {
	return c.converse(ctx, pod, plan, talk{})
}

func (c *Collector) converse(ctx context.Context, pod string, plan wire.Plan, t talk) reply {
	out := reply{Answer: topology.Answer{From: plan.From}}
	plan.More = t.stdin == nil
	input, err := json.Marshal(plan)
	if err != nil {
		out.NotRun = fmt.Sprintf("writing the plan: %v", err)
		return out
	}
	limit := time.Duration(plan.DeadlineMillis)*time.Millisecond + execSlack
	bounded, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	// The agent ends when stdin does, and that is once its answer was read. A server
	// that closes a stream while the client's heartbeat is under way resets it (TCP,
	// RFC 9293, 3.10.7.4), and what the client had not read yet is lost.
	held, release := io.Pipe()
	defer func() { _ = release.Close() }()
	behind := cmp.Or[io.Reader](t.stdin, held)
	stdin := io.MultiReader(bytes.NewReader(input), behind)
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		err := c.execute(bounded, pod, stdin, writer, &limited{to: &stderr, left: 4 << 10})
		writer.CloseWithError(err)
		ended <- err
	}()
	// Whatever the client library still waits for, the answer ends with its time.
	stop := context.AfterFunc(bounded, func() { writer.CloseWithError(context.Cause(bounded)) })
	defer stop()
	readErr := out.read(reader, t.begun)
	_ = release.Close() // never fails (io.PipeWriter)
	_ = reader.CloseWithError(readErr)
	var execErr error
	select {
	case execErr = <-ended:
	case <-bounded.Done():
	}
	if end, ok := bounded.Deadline(); ok && !time.Now().Before(end) {
		<-bounded.Done() // the client library may notice the end a moment before the context does
	}
	out.conclude(bounded, readErr, execErr, stderr.String())
	return out
}

// conclude says why an answer is not whole; bounded is the context that bound it.
func (r *reply) conclude(bounded context.Context, readErr, execErr error, stderr string) {
	switch {
	case r.done != nil:
	case bounded.Err() != nil:
		r.NotRun = r.cutShort(context.Cause(bounded), "")
	case r.NotRun != "":
	case execErr != nil: // what reading then met is the same error once more
		r.NotRun = r.cutShort(execErr, stderr)
	default:
		r.NotRun = r.cutShort(cmp.Or(readErr, errNoEnd), stderr)
	}
}

// execute runs an agent's batch in its pod.
func (c *Collector) execute(ctx context.Context, pod string, stdin io.Reader, stdout, stderr io.Writer) error {
	if c.agents != nil {
		return c.agents(ctx, pod, stdin, stdout, stderr)
	}
	return c.client.Exec(ctx, c.run.Namespace, pod, "agent", []string{"plumbline-agent", "batch"}, stdin, stdout, stderr)
}

var errNoEnd = errors.New("it has no end")

// cutShort says why there is no whole answer, and whether there was any.
func (r *reply) cutShort(why error, stderr string) string {
	what := "the agent's answer was cut short"
	if r.bytes == 0 {
		what = "the agent could not be asked"
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %v %s", what, why, stderr))
}

// read takes the lines of an answer until Done, an error, or the end; begun, which
// may be nil, is called when the agent says that it watches.
func (r *reply) read(from io.Reader, begun func()) error {
	counted := &counter{from: from}
	defer func() { r.bytes = counted.n }()
	return r.lines(json.NewDecoder(counted), begun)
}

// readLines takes the lines of one answer of several on the same stream.
func (r *reply) readLines(decoder *json.Decoder) error { return r.lines(decoder, nil) }

func (r *reply) lines(decoder *json.Decoder, begun func()) error {
	for {
		var line wire.Line
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the agent's answer: %w", err)
		}
		if line.Watching && begun != nil {
			begun()
		}
		switch {
		case line.Watch != nil:
			r.watch = line.Watch
		case line.Capture != nil:
			r.capture = append(r.capture, line.Capture...)
		case line.Row != nil:
			r.Rows = append(r.Rows, *line.Row)
		case line.Identity != nil:
			r.identity = line.Identity
		case line.Host != nil:
			r.host = line.Host
		case line.Error != "":
			r.NotRun = line.Error
		case line.Done != nil:
			r.done = line.Done
			return nil
		}
	}
}

type counter struct {
	from io.Reader
	n    int
}

// Read counts what passes.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}

// limited keeps the beginning of what is written and drops the rest.
type limited struct {
	to   *bytes.Buffer
	left int
}

// Write never fails, so that a talkative agent is not cut off.
func (l *limited) Write(p []byte) (int, error) {
	keep := min(len(p), l.left)
	l.to.Write(p[:keep])
	l.left -= keep
	return len(p), nil
}
