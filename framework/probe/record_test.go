package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// zone answers from a list of records, in the manner of a name server: with
// NXDOMAIN where it has no such name, cut short where the answer does not fit.
func zone(t *testing.T, texts ...string) facts.Target {
	t.Helper()
	var records []dns.RR
	for _, text := range texts {
		records = append(records, record(t, text))
	}
	return nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetRcode(q, dns.RcodeNameError)
		for _, rr := range records {
			if !strings.EqualFold(rr.Header().Name, q.Question[0].Name) {
				continue
			}
			m.Rcode = dns.RcodeSuccess
			if rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		size := dns.MaxMsgSize
		if w.LocalAddr().Network() == "udp" {
			size = dns.MinMsgSize
			if o := q.IsEdns0(); o != nil {
				size = int(o.UDPSize())
			}
		}
		m.Truncate(size)
		_ = w.WriteMsg(m)
	})
}

func TestARecordIsComparedWithWhatTheTargetWants(t *testing.T) {
	server := zone(t, "k.test. 5 IN A 10.96.0.1", "h.test. 5 IN A 10.244.1.2", "h.test. 5 IN A 10.244.0.2",
		"_https._tcp.k.test. 5 IN SRV 0 100 443 k.test.", "1.0.96.10.in-addr.arpa. 5 IN PTR k.test.")
	cases := map[string]struct {
		name, kind, rcode string
		want              []string
		outcome           facts.Outcome
		got               string
	}{
		"an address":                    {"k.test.", "A", "", []string{"10.96.0.1"}, facts.OK, "NOERROR"},
		"two, in any order":             {"h.test.", "A", "", []string{"10.244.0.2", "10.244.1.2"}, facts.OK, "NOERROR"},
		"one too many":                  {"h.test.", "A", "", []string{"10.244.0.2"}, facts.Garbled, "NOERROR"},
		"a service":                     {"_https._tcp.k.test.", "SRV", "", []string{"443 k.test."}, facts.OK, "NOERROR"},
		"a pointer":                     {"1.0.96.10.in-addr.arpa.", "PTR", "", []string{"k.test."}, facts.OK, "NOERROR"},
		"no record of that type":        {"k.test.", "AAAA", "NODATA", nil, facts.OK, "NODATA"},
		"a name that must not exist":    {"no.test.", "A", "NXDOMAIN", nil, facts.OK, "NXDOMAIN"},
		"a name that does not exist":    {"no.test.", "A", "", []string{"10.0.0.1"}, facts.Garbled, "NXDOMAIN"},
		"one that exists and must not":  {"k.test.", "A", "NXDOMAIN", nil, facts.Garbled, "NOERROR"},
		"any answer will do":            {"h.test.", "A", "", nil, facts.OK, "NOERROR"},
		"any answer, and there is none": {"k.test.", "AAAA", "", nil, facts.Garbled, "NODATA"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target := server
			target.Name, target.Type, target.RCode, target.Want = c.name, c.kind, c.rcode, c.want
			got := tryRecord(t.Context(), shortEnv(), target)
			if got.Outcome != c.outcome || got.RCode != c.got {
				t.Errorf("%+v", got)
			}
		})
	}
}

func many(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("many.test. 5 IN A 10.1.%d.%d", i/250, i%250+1))
	}
	return out
}

func TestALargeDNSAnswerArrivesInTheStandardWay(t *testing.T) {
	target := zone(t, many(120)...)
	target.Name = "many.test."
	var a answer
	bigAnswer(t.Context(), shortEnv(), facts.Flow{}, target, &a)
	cell, d := settle(facts.Big, 0, &a)
	if cell.Outcome != facts.OK || cell.Partial || cell.Retried || d == nil || len(d.Attempts) != 4 {
		t.Fatalf("%+v %+v", cell, d)
	}
	for _, x := range d.Attempts {
		if tcp := strings.HasPrefix(x.Note, "TCP"); tcp != (x.Size > 1232 && strings.Contains(x.Note, "TCP")) && !strings.Contains(x.Note, "4096") || x.Outcome != facts.OK {
			t.Errorf("%+v", x)
		}
	}
}

func TestALargeDNSAnswerThatIsLostIsTold(t *testing.T) {
	whole := zone(t, many(120)...)
	lossy := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if o := q.IsEdns0(); o != nil && o.UDPSize() > 1232 {
			return // the fragments are lost
		}
		m, err := dns.ExchangeContext(t.Context(), q, netip.AddrPortFrom(whole.Addr, whole.Port).String())
		if err == nil && w.LocalAddr().Network() == "tcp" {
			m, _, err = (&dns.Client{Net: "tcp"}).ExchangeContext(t.Context(), q, netip.AddrPortFrom(whole.Addr, whole.Port).String())
		}
		if err == nil {
			m.Compress = true
			_ = w.WriteMsg(m)
		}
	})
	small := zone(t, "many.test. 5 IN A 10.0.0.1")
	noTCP := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if w.LocalAddr().Network() == "udp" {
			m := new(dns.Msg).SetReply(q)
			m.Truncated = true
			_ = w.WriteMsg(m)
		}
	})
	cases := map[string]struct {
		target  facts.Target
		want    facts.Outcome
		partial bool
	}{
		"fragments are lost":        {lossy, facts.OK, true},
		"TCP does not answer":       {noTCP, facts.Timeout, false},
		"the answer is a small one": {small, facts.NotRun, false},
		"there is no answer at all": {nameServer(t, func(dns.ResponseWriter, *dns.Msg) {}), facts.Timeout, false},
		"there is no server at all": {facts.Target{Addr: netip.MustParseAddr("127.0.0.1"), Port: freePort(t)}, facts.Refused, false},
		"the name does not exist":   {zone(t, "other.test. 5 IN A 10.0.0.1"), facts.Garbled, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.target.Name = "many.test."
			var a answer
			bigAnswer(t.Context(), shortEnv(), facts.Flow{}, c.target, &a)
			cell, d := settle(facts.Big, 0, &a)
			if cell.Outcome != c.want || cell.Partial != c.partial || d == nil {
				t.Errorf("%+v %+v", cell, d)
			}
		})
	}
}

func TestARaceThatOneQuestionOfAPairLosesIsCounted(t *testing.T) {
	var pairs atomic.Int32
	target := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if q.Question[0].Qtype == dns.TypeAAAA && pairs.Add(1) == 3 {
			return
		}
		_ = w.WriteMsg(new(dns.Msg).SetReply(q))
	})
	flow := facts.Flow{From: facts.FromPod, To: facts.ToDNSService, Via: facts.Race, Family: facts.IPv4, Look: facts.Main}
	row := runOne(t, flow, target)
	d := row.Detail(0)
	if c := row.Series[0]; row.Cells[0].Outcome != facts.OK || !row.Cells[0].Partial || c.Sent != 10 || c.Lost != 1 || c.Median == 0 {
		t.Errorf("%+v %+v", row.Cells[0], row.Series)
	}
	if d == nil || !slices.ContainsFunc(d.Attempts, func(x facts.Attempt) bool { return strings.Contains(x.Note, "AAAA") }) {
		t.Errorf("record %+v", d)
	}
}
