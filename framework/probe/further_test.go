package probe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

func TestAnHTTPAnswerIsRightOnlyWith200(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	server := httptest.NewServer(mux)
	defer server.Close()
	cases := map[string]struct {
		target facts.Target
		want   facts.Outcome
		note   string
	}{
		"/metrics":  {targetAt(server.Listener.Addr()), facts.OK, ""},
		"/busy":     {targetAt(server.Listener.Addr()), facts.Garbled, "HTTP 503"},
		"/nowhere":  {targetAt(server.Listener.Addr()), facts.Garbled, "HTTP 404"},
		"/close":    {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)) }), facts.Reset, noteClosed},
		"/silent":   {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)); <-t.Context().Done() }), facts.Timeout, noteConnected},
		"/not-http": {farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1024)); _, _ = c.Write([]byte("hello\r\n\r\n")) }), facts.Garbled, "HTTP: "},
	}
	for path, c := range cases {
		t.Run(path, func(t *testing.T) {
			c.target.Name = path
			got := tryHTTP(t.Context(), shortEnv(), c.target)
			if got.Outcome != c.want || !strings.HasPrefix(got.Note, c.note) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// answeringAs answers echo requests in the name that is its turn.
func answeringAs(t *testing.T, name func(n int32) string) facts.Target {
	var n atomic.Int32
	return farEnd(t, func(c net.Conn) {
		nonce := readRequest(c)
		_, _ = c.Write(echo.AppendReply(nil, echo.Reply{Nonce: nonce, Peer: name(n.Add(1))}))
	})
}

func TestAffinityHoldsWhereOnePeerAnswersAll(t *testing.T) {
	cases := map[string]struct {
		name func(int32) string
		want facts.Outcome
		met  int
	}{
		"one peer":           {func(int32) string { return "pod/n1" }, facts.OK, 1},
		"another at the 7th": {func(n int32) string { return map[bool]string{false: "pod/n1", true: "pod/n2"}[n == 7] }, facts.Garbled, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target := answeringAs(t, c.name)
			target.Peers, target.AnyPeer = []string{"pod/n1", "pod/n2"}, true
			flow := tcpFlow
			flow.Via, flow.To = facts.Sticky, facts.ToAffinity
			row := runOne(t, flow, target)
			d := row.Detail(0)
			if row.Cells[0].Outcome != c.want || row.Cells[0].Partial || d == nil || len(d.Met) != c.met {
				t.Fatalf("%+v %+v", row.Cells[0], d)
			}
			if c.want == facts.Garbled && !strings.Contains(d.Attempts[len(d.Attempts)-1].Note, "pod/n1, pod/n2") {
				t.Errorf("record %+v", d)
			}
		})
	}
}

func TestOnlyTheVantageItselfMayAnswerAHairpin(t *testing.T) {
	for peer, want := range map[string]facts.Outcome{"pod/n1": facts.OK, "pod/n2": facts.Garbled} {
		target := answeringAs(t, func(int32) string { return peer })
		target.Peers, target.AnyPeer, target.Self = []string{"pod/n1", "pod/n2"}, true, true
		flow := tcpFlow
		flow.To = facts.ToHairpin
		if row := runOne(t, flow, target); row.Cells[0].Outcome != want {
			t.Errorf("%s: %+v %+v", peer, row.Cells[0], row.Detail(0))
		}
	}
}

func TestATargetThatOughtToBeSilentIsAskedOnceAndNotWaitedFor(t *testing.T) {
	shut := facts.Target{ID: "x", Addr: netip.MustParseAddr("127.0.0.1"), Port: freePort(t), Peers: []string{"pod/n1"}, AnyPeer: true, Silent: true}
	far := echoTarget(t)
	far.Silent, far.AnyPeer = true, true
	flow := tcpFlow
	flow.To = facts.ToNodePortLocal
	plan := planFor(flow, shut, far)
	plan.SettleMillis = 20_000
	began := time.Now()
	lines := linesOf(t, plan)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	row := lines[0].Row.Row
	if d := row.Detail(0); row.Cells[0].Outcome != facts.Refused || d == nil || len(d.Attempts) != 1 {
		t.Errorf("%+v %+v", row.Cells[0], d)
	}
	if d := row.Detail(1); row.Cells[1].Outcome != facts.OK || d == nil || d.Attempts[0].Peer != "far" {
		t.Errorf("one that answers: %+v %+v", row.Cells[1], d)
	}
}

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

// resolving gives an environment whose resolv.conf names a test's server.
func resolving(t *testing.T, server facts.Target, options string) *env {
	t.Helper()
	e := shortEnv()
	e.resolvConf = filepath.Join(t.TempDir(), "resolv.conf")
	e.dnsPort = fmt.Sprint(server.Port)
	if err := os.WriteFile(e.resolvConf, []byte("nameserver "+server.Addr.String()+"\n"+options), 0o644); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEgressTargetResolvesAndConnectsOrSaysWhichOfBothFailed(t *testing.T) {
	far := farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	server := zone(t, "store.corp.test. 5 IN A 127.0.0.1", "six.test. 5 IN AAAA ::1",
		"pair.test. 5 IN A 127.0.0.1", "pair.test. 5 IN A 127.0.0.2")
	const search = "search corp.test\noptions ndots:5\n"
	broken := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
	})
	quiet := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	flow := facts.Flow{From: facts.FromPod, To: facts.ToEgress, Via: facts.Connect, Family: facts.IPv4, Look: facts.Main}
	cases := map[string]struct {
		e       *env
		name    string
		port    uint16
		want    facts.Outcome
		rcode   string
		partial bool
		sent    int
	}{
		"a name below the search domain": {resolving(t, server, search), "store", far.Port, facts.OK, "", false, 5},
		"one of two addresses is dead":   {resolving(t, server, search), "pair.test", far.Port, facts.OK, "", true, 10},
		"a port that refuses":            {resolving(t, server, search), "store", freePort(t), facts.Refused, "", false, 5},
		"a name that does not exist":     {resolving(t, server, search), "gone", far.Port, facts.Unreachable, "NXDOMAIN", false, 0},
		"a name of the other family":     {resolving(t, server, search), "six.test", far.Port, facts.Unreachable, "NODATA", false, 0},
		"a resolver in trouble":          {resolving(t, broken, ""), "store.corp.test", far.Port, facts.Unreachable, "SERVFAIL", false, 0},
		"a resolver that says nothing":   {resolving(t, quiet, "options attempts:1\n"), "store.corp.test", far.Port, facts.Timeout, "", false, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var a answer
			connectOut(t.Context(), c.e, flow, facts.Target{ID: "egress/" + c.name, Name: c.name, Port: c.port}, &a)
			cell, d := settle(facts.Connect, 0, &a)
			if cell.Outcome != c.want || cell.Partial != c.partial || a.series.Sent != c.sent {
				t.Fatalf("%+v %+v %+v", cell, d, a.series)
			}
			if c.sent == 0 && (d.Attempts[0].RCode != c.rcode || d.Attempts[0].Note != noteResolving || a.settled) {
				t.Errorf("record %+v", d)
			}
		})
	}
}

func TestANameThatResolvesOnlyTheSecondTimeIsTold(t *testing.T) {
	far := farEnd(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	var asked atomic.Int32
	found := record(t, "store.test. 5 IN A 127.0.0.1")
	server := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if m.Answer = []dns.RR{found}; asked.Add(1) <= 2 {
			m.Answer, m.Rcode = nil, dns.RcodeServerFailure
		}
		_ = w.WriteMsg(m)
	})
	e, a := resolving(t, server, ""), answer{}
	flow := facts.Flow{From: facts.FromPod, To: facts.ToEgress, Via: facts.Connect, Family: facts.IPv4, Look: facts.Main}
	for range 2 {
		connectOut(t.Context(), e, flow, facts.Target{ID: "egress", Name: "store.test", Port: far.Port}, &a)
	}
	cell, d := settle(facts.Connect, 0, &a)
	if cell.Outcome != facts.OK || !cell.Retried || d == nil || d.Attempts[0].RCode != "SERVFAIL" {
		t.Errorf("%+v %+v", cell, d)
	}
}

func TestTheFirstMomentsOfAPodAreTimed(t *testing.T) {
	var asked atomic.Int32
	a := record(t, "kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1")
	late := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Answer = []dns.RR{a}
		if asked.Add(1) < 3 {
			m.Answer, m.Rcode = nil, dns.RcodeServerFailure
		}
		_ = w.WriteMsg(m)
	})
	e := resolving(t, late, "search ns.svc.cluster.local svc.cluster.local cluster.local\n")
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := firstLookup(ctx, e, began, e.resolvConf)
	if got.Tries != 3 || got.Millis == 0 || !strings.Contains(got.Error, "SERVFAIL") {
		t.Errorf("%+v", got)
	}
	far := farEnd(t, func(net.Conn) {})
	if got := firstConnect(ctx, e, began, addrPort(far)); got.Tries != 1 || got.Millis == 0 || got.Error != "" {
		t.Errorf("%+v", got)
	}
	short, stop := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer stop()
	never := firstConnect(short, e, began, netip.AddrPortFrom(far.Addr, freePort(t)))
	if never.Millis != 0 || never.Tries < 2 || !strings.Contains(never.Error, "refused") {
		t.Errorf("%+v", never)
	}
	if got := firstConnect(ctx, e, began, netip.AddrPort{}); got.NotRun == "" || got.Tries != 0 {
		t.Errorf("%+v", got)
	}
}
