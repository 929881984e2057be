package probe

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// nameServer answers on one loopback port over UDP and TCP.
func nameServer(t *testing.T, answer dns.HandlerFunc) facts.Target {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{Listener: l, Handler: answer}, {PacketConn: p, Handler: answer}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return targetAt(l.Addr())
}

func record(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

func TestADNSAnswerIsOKOnlyWithAnAddress(t *testing.T) {
	a := record(t, "kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1")
	aaaa := record(t, "kubernetes.default.svc.cluster.local. 5 IN AAAA fd00::1")
	reply := func(w dns.ResponseWriter, q *dns.Msg, rcode int, rr ...dns.RR) {
		m := new(dns.Msg).SetRcode(q, rcode)
		m.Answer = rr
		_ = w.WriteMsg(m)
	}
	cases := map[string]struct {
		answer  dns.HandlerFunc
		want    facts.Outcome
		rcode   string
		answers []string
	}{
		"an address": {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, dns.RcodeSuccess, a) }, facts.OK, "NOERROR", []string{"10.96.0.1"}},
		"an IPv6 address, where there is no other": {func(w dns.ResponseWriter, q *dns.Msg) {
			if q.Question[0].Qtype == dns.TypeAAAA {
				reply(w, q, dns.RcodeSuccess, aaaa)
				return
			}
			reply(w, q, dns.RcodeSuccess)
		}, facts.OK, "NOERROR", []string{"fd00::1"}},
		"no address":          {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, dns.RcodeSuccess) }, facts.Garbled, "NOERROR", nil},
		"an unknown name":     {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, dns.RcodeNameError) }, facts.Garbled, "NXDOMAIN", nil},
		"a server in trouble": {func(w dns.ResponseWriter, q *dns.Msg) { reply(w, q, dns.RcodeServerFailure) }, facts.Garbled, "SERVFAIL", nil},
		"silence":             {func(dns.ResponseWriter, *dns.Msg) {}, facts.Timeout, "", nil},
		"an answer that is none": {func(w dns.ResponseWriter, q *dns.Msg) {
			q.Id++
			reply(w, q, dns.RcodeSuccess, a)
		}, facts.Garbled, "", nil},
		"bytes that are no DNS": {func(w dns.ResponseWriter, _ *dns.Msg) { _, _ = w.Write([]byte("hello, this is not DNS")) }, facts.Garbled, "", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := nameServer(t, c.answer)
			for way, once := range map[string]try{"udp": tryDNSUDP, "tcp": tryDNSTCP} {
				got := once(t.Context(), shortEnv(), target)
				if got.Outcome != c.want || got.RCode != c.rcode || !slices.Equal(got.Answers, c.answers) {
					t.Errorf("%s: %+v", way, got)
				}
			}
		})
	}
}

func TestAServiceWithADeadReplicaShowsItsShare(t *testing.T) {
	a := record(t, "kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1")
	var n atomic.Int32
	target := nameServer(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if n.Add(1)%2 == 0 {
			return
		}
		m := new(dns.Msg).SetReply(q)
		m.Answer = []dns.RR{a}
		_ = w.WriteMsg(m)
	})
	flow := facts.Flow{From: facts.FromPod, To: facts.ToDNSService, Via: facts.DNSUDP, Family: facts.IPv4, Look: facts.Main}
	row := runOne(t, flow, target)
	d := row.Detail(0)
	if c := row.Cells[0]; c.Outcome != facts.OK || !c.Retried || d == nil || len(d.Attempts) != dnsQueries/2+1 {
		t.Errorf("%+v %+v", row.Cells, d)
	}
	quiet := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	row = runOne(t, flow, quiet)
	if c := row.Cells[0]; c.Outcome != facts.Timeout || len(row.Detail(0).Attempts) != 2*dnsQueries {
		t.Errorf("all silent: %+v", row.Cells)
	}
}

func TestARefusedNameServerIsRefused(t *testing.T) {
	target := nameServer(t, func(dns.ResponseWriter, *dns.Msg) {})
	target.Port = freePort(t)
	for way, once := range map[string]try{"udp": tryDNSUDP, "tcp": tryDNSTCP} {
		if got := once(t.Context(), shortEnv(), target); got.Outcome != facts.Refused || !strings.Contains(got.Errno, "ECONNREFUSED") {
			t.Errorf("%s: %+v", way, got)
		}
	}
}
