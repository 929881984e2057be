package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// noData is the code of a name that exists without a record of the type asked
// for (RFC 2308 section 2.2).
const noData = "NODATA"

// tryRecord asks the target's question over UDP, and over TCP where the answer
// was cut short, and compares the answer with what the target wants. Where it
// wants nothing in particular, any answer with a record of that type is right.
func tryRecord(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	kind, known := dns.StringToType[t.Type]
	if !known {
		kind = dns.TypeA
	}
	query := new(dns.Msg).SetQuestion(dns.Fqdn(t.Name), kind)
	w, reply, _ := e.query(ctx, t, unix.SOCK_DGRAM, query)
	if reply != nil && reply.Truncated {
		w, reply, _ = e.query(ctx, t, unix.SOCK_STREAM, query)
	}
	if reply == nil {
		return w.Attempt
	}
	w.Answers = rrTexts(reply.Answer, kind)
	w.RCode = dns.RcodeToString[reply.Rcode]
	if reply.Rcode == dns.RcodeSuccess && len(w.Answers) == 0 {
		w.RCode = noData
	}
	if why := wrongRecord(w.RCode, w.Answers, t); why != "" {
		return w.garbled(why)
	}
	w.Outcome = facts.OK
	return w.Attempt
}

// query asks one question and gives the answer with its length in bytes. Without
// an answer the attempt has ended.
func (e *env) query(ctx context.Context, t facts.Target, kind int, query *dns.Msg) (*watch, *dns.Msg, int) {
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
		w.failed(ctx, s, err)
		return w, nil, 0
	}
	w.Local = s.local()
	reply, size, err := exchange(ctx, e, s, query)
	if err != nil {
		w.judge(ctx, s, nil, err)
		if w.Outcome == facts.Timeout && kind == unix.SOCK_STREAM {
			w.Note = noteConnected
		}
		return w, nil, 0
	}
	w.lap()
	return w, reply, size
}

// rrTexts gives the data of the records of a type, sorted. An SRV record is
// "port target": priority and weight are the server's choice.
func rrTexts(list []dns.RR, kind uint16) []string {
	var out []string
	for _, rr := range list {
		if rr.Header().Rrtype != kind {
			continue // a CNAME on the way
		}
		text := ""
		switch rr := rr.(type) {
		case *dns.A:
			text = rr.A.String()
		case *dns.AAAA:
			text = rr.AAAA.String()
		case *dns.SRV:
			text = fmt.Sprintf("%d %s", rr.Port, rr.Target)
		case *dns.PTR:
			text = rr.Ptr
		default:
			text = strings.TrimPrefix(rr.String(), rr.Header().String())
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// wrongRecord says what is wrong with an answer, or nothing.
func wrongRecord(rcode string, answers []string, t facts.Target) string {
	want := t.RCode
	if want == "" {
		want = dns.RcodeToString[dns.RcodeSuccess]
	}
	if rcode != want {
		return fmt.Sprintf("the server answered %s, not %s", rcode, want)
	}
	if len(t.Want) > 0 && !slices.Equal(answers, slices.Sorted(slices.Values(t.Want))) {
		return "the answer holds other records than expected"
	}
	return ""
}
