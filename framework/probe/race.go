package probe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// racePairsSent is how many pairs are sent; each has a socket, and so a conntrack
	// entry, of its own.
	racePairsSent = 10
	raceEvery     = 25 * time.Millisecond
	raceWait      = 2500 * time.Millisecond
)

// racePairs sends pairs of questions for A and AAAA, both at once from one
// socket, as resolvers do. Where the two meet in the packet filter before either
// has its conntrack entry, one is dropped (kubernetes#56903), and a resolver
// waits five seconds for its answer.
func racePairs(ctx context.Context, e *env, _ facts.Flow, t facts.Target, a *answer) {
	got := make([]facts.Attempt, racePairsSent)
	var running sync.WaitGroup
	inTurns(ctx, len(got), raceEvery, func(k int) {
		running.Go(func() { got[k] = tryPair(ctx, e, t) })
	})
	running.Wait()
	a.figure(got, raceWait)
}

// tryPair is OK where both questions were answered; the time is that of the later answer.
func tryPair(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	w := e.start()
	s, err := dial(ctx, addrPort(t), unix.SOCK_DGRAM, 0, raceWait)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	w.Local = s.local()
	missing := map[uint16]string{}
	var packets [][]byte
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		query := new(dns.Msg).SetQuestion(dns.Fqdn(t.Name), kind)
		if len(packets) == 1 {
			for missing[query.Id] != "" {
				query.Id++
			}
		}
		missing[query.Id] = dns.TypeToString[kind]
		packed, err := query.Pack()
		if err != nil {
			return w.failed(ctx, nil, fmt.Errorf("writing the query: %w", err))
		}
		packets = append(packets, packed)
	}
	if err := sendAtOnce(s, packets); err != nil {
		return w.failed(ctx, s, err)
	}
	return w.awaitPair(ctx, s, missing)
}

// sendAtOnce sends from several threads, as the race needs two processors.
func sendAtOnce(s *socket, packets [][]byte) error {
	errs := make([]error, len(packets))
	gate := make(chan struct{})
	var running sync.WaitGroup
	for i, p := range packets {
		running.Go(func() {
			<-gate
			errs[i] = s.send(p)
		})
	}
	close(gate)
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *watch) awaitPair(ctx context.Context, s *socket, missing map[uint16]string) facts.Attempt {
	buffer := make([]byte, 4096)
	asked := len(missing)
	for {
		n, err := s.receive(buffer)
		if err != nil {
			a := w.failed(ctx, s, err)
			if len(missing) < asked {
				for _, kind := range missing {
					a.Note = "only the question for " + kind + " was not answered"
				}
			}
			return a
		}
		reply := new(dns.Msg)
		if reply.Unpack(buffer[:n]) != nil || !reply.Response {
			continue
		}
		delete(missing, reply.Id)
		if len(missing) == 0 {
			w.lap()
			w.RCode, w.Outcome = dns.RcodeToString[reply.Rcode], facts.OK
			return w.Attempt
		}
	}
}
