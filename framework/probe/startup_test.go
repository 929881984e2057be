package probe

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

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
