package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// A DNS probe asks for the A records of the target's name, and where the server
// knows the name but no A record (a cluster of IPv6 alone) for AAAA. OK is
// NOERROR with at least one address; any other answer is Garbled, with RCode.

// tryDNSUDP asks over UDP.
func tryDNSUDP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return resolve(ctx, e, t, unix.SOCK_DGRAM)
}

// tryDNSTCP asks over TCP.
func tryDNSTCP(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return resolve(ctx, e, t, unix.SOCK_STREAM)
}

func resolve(ctx context.Context, e *env, t facts.Target, kind int) facts.Attempt {
	a := ask(ctx, e, t, kind, dns.TypeA)
	if a.Outcome == facts.Garbled && a.RCode == dns.RcodeToString[dns.RcodeSuccess] {
		if b := ask(ctx, e, t, kind, dns.TypeAAAA); b.Outcome == facts.OK {
			b.AtMillis = a.AtMillis
			return b
		}
	}
	return a
}

func ask(ctx context.Context, e *env, t facts.Target, kind int, record uint16) facts.Attempt {
	w := e.start()
	wait, exchange := e.reply, overUDP
	if kind == unix.SOCK_STREAM {
		wait, exchange = e.connect, overTCP
	}
	s, err := dial(ctx, addrPort(t), kind, 0, wait)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	w.Local = s.local()
	query := new(dns.Msg).SetQuestion(dns.Fqdn(t.Name), record)
	reply, _, err := exchange(ctx, e, s, query)
	a := w.judge(ctx, s, reply, err)
	if a.Outcome == facts.Timeout && kind == unix.SOCK_STREAM {
		a.Note = noteConnected
	}
	return a
}

// errNotDNS is an answer that is no answer to the question.
var errNotDNS = errors.New("the answer is not one to the question")

// overUDP gives the answer and its length in bytes.
func overUDP(_ context.Context, _ *env, s *socket, query *dns.Msg) (*dns.Msg, int, error) {
	packed, err := query.Pack()
	if err != nil {
		return nil, 0, fmt.Errorf("writing the query: %w", err)
	}
	if err := s.send(packed); err != nil {
		return nil, 0, err
	}
	buffer := make([]byte, dns.MaxMsgSize)
	var stranger error
	for {
		n, err := s.receive(buffer)
		if err != nil && stranger != nil {
			return nil, 0, stranger
		}
		if err != nil {
			return nil, 0, err
		}
		reply := new(dns.Msg)
		if reply.Unpack(buffer[:n]) == nil && answers(reply, query) {
			return reply, n, nil
		}
		stranger = errNotDNS // perhaps a late answer to an earlier user of the port: wait on
	}
}

// overTCP gives the answer and its length in bytes.
func overTCP(ctx context.Context, e *env, s *socket, query *dns.Msg) (*dns.Msg, int, error) {
	conn, err := s.stream(e.connect)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	d := &dns.Conn{Conn: conn}
	if err := d.WriteMsg(query); err != nil {
		return nil, 0, err
	}
	raw, err := d.ReadMsgHeader(nil)
	if err != nil {
		return nil, 0, err
	}
	reply := new(dns.Msg)
	if reply.Unpack(raw) != nil || !answers(reply, query) {
		return nil, 0, errNotDNS
	}
	return reply, len(raw), nil
}

func answers(reply, query *dns.Msg) bool {
	return reply.Response && reply.Id == query.Id && slices.Equal(reply.Question, query.Question)
}

func (w *watch) judge(ctx context.Context, s *socket, reply *dns.Msg, err error) facts.Attempt {
	w.lap()
	switch {
	case errors.Is(err, errNotDNS) && ctx.Err() == nil:
		return w.garbled(err.Error())
	case err != nil:
		return w.failed(ctx, s, err)
	}
	w.RCode = dns.RcodeToString[reply.Rcode]
	for _, rr := range reply.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			w.Answers = append(w.Answers, rr.A.String())
		case *dns.AAAA:
			w.Answers = append(w.Answers, rr.AAAA.String())
		}
	}
	if reply.Rcode != dns.RcodeSuccess {
		return w.garbled("the server answered " + w.RCode)
	}
	if len(w.Answers) == 0 {
		return w.garbled("the server answered without an address")
	}
	w.Outcome = facts.OK
	return w.Attempt
}
