package probe

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/plumbline-net/plumbline/framework/facts"
)

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
