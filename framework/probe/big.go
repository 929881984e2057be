package probe

import (
	"context"
	"fmt"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// The sizes of DNS messages over UDP, in bytes: without EDNS0 (RFC 1035 section
// 4.2.1), as most resolvers offer (DNS flag day 2020), and one that has to be
// fragmented on the way.
const (
	plainSize      = dns.MinMsgSize
	flagDaySize    = 1232
	fragmentedSize = 4096
)

// bigAnswer asks for a name with many records in three ways: without EDNS0 (then
// over TCP, as the server says), with EDNS0 and 1232 bytes, and with 4096 bytes.
// It is OK where the whole answer came in the standard way, and Partial where
// one of the other two failed.
func bigAnswer(ctx context.Context, e *env, _ facts.Flow, t facts.Target, a *answer) {
	standard, ok := e.bigStage(ctx, t, unix.SOCK_DGRAM, 0, "UDP without EDNS0")
	a.retried = len(a.attempts) > 0
	a.attempts = append(a.attempts, standard.Attempt)
	a.outcome = facts.NotRun
	if !ok {
		return
	}
	if !standard.cut {
		if standard.Size <= plainSize {
			a.notLarge(fmt.Sprintf("the answer has %d bytes only: it says nothing about large ones", standard.Size))
		}
		return
	}
	whole, ok := e.bigStage(ctx, t, unix.SOCK_STREAM, 0, "TCP after TC")
	a.attempts = append(a.attempts, whole.Attempt)
	if !ok {
		a.outcome = whole.Outcome
		return
	}
	if whole.Size <= plainSize {
		a.notLarge("the answer was cut short although it is not large")
		return
	}
	a.told = true
	for _, size := range []uint16{flagDaySize, fragmentedSize} {
		stage, fine := e.bigStage(ctx, t, unix.SOCK_DGRAM, size, fmt.Sprintf("UDP with EDNS0 and %d bytes", size))
		a.attempts = append(a.attempts, stage.Attempt)
		a.partial = a.partial || !fine
	}
	a.outcome, a.settled, a.rtt = facts.OK, ctx.Err() == nil, whole.Micros
}

// notLarge: nothing was learnt about large answers.
func (a *answer) notLarge(why string) {
	last := &a.attempts[len(a.attempts)-1]
	last.Outcome, last.Note = facts.NotRun, why
}

// stage is one of the ways in which the answer was asked for.
type stage struct {
	facts.Attempt
	cut bool // TC was set
}

// bigStage asks in one way and says whether its answer is a right one: it fits
// what was offered, and is whole or says that it was cut short.
func (e *env) bigStage(ctx context.Context, t facts.Target, kind int, offered uint16, how string) (stage, bool) {
	record := uint16(dns.TypeA)
	if known, ok := dns.StringToType[t.Type]; ok {
		record = known
	}
	query := new(dns.Msg).SetQuestion(dns.Fqdn(t.Name), record)
	if offered > 0 {
		query.SetEdns0(offered, false)
	}
	w, reply, size := e.query(ctx, t, kind, query)
	if reply == nil {
		w.Note = join(how, w.Note)
		return stage{Attempt: w.Attempt}, false
	}
	w.Size, w.RCode = size, dns.RcodeToString[reply.Rcode]
	records := len(rrTexts(reply.Answer, record))
	limit := max(int(offered), plainSize)
	switch {
	case reply.Rcode != dns.RcodeSuccess:
		w.garbled(how + ": the server answered " + w.RCode)
	case kind == unix.SOCK_DGRAM && size > limit:
		w.garbled(fmt.Sprintf("%s: the answer has %d bytes, more than were offered", how, size))
	case kind == unix.SOCK_STREAM && reply.Truncated:
		w.garbled(how + ": cut short over TCP too")
	case records == 0 && !reply.Truncated:
		w.garbled(how + ": the answer holds no record")
	default:
		w.Outcome = facts.OK
		w.Note = fmt.Sprintf("%s: %d records", how, records)
		if reply.Truncated {
			w.Note += ", cut short (TC)"
		}
	}
	return stage{w.Attempt, reply.Truncated}, w.Outcome == facts.OK
}

func join(how, note string) string {
	if note == "" {
		return how
	}
	return how + ": " + note
}
