package service_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// selectDNS asks for the Service kube-dns, whose replicas on n1 and n2 listen on all addresses.
func selectDNS(s *facts.Snapshot) *facts.Snapshot {
	s.Run.Config = &facts.Config{Services: []string{"kube-system/kube-dns"}}
	for _, c := range s.Cluster.Services {
		if c.Name != "kube-dns" {
			continue
		}
		for _, e := range c.Endpoints {
			h := s.Host(e.Node, facts.Last)
			h.Listening = append(h.Listening, facts.Listening{
				Addr: e.Addr, Port: e.Port, Proto: strings.ToLower(e.Proto), Bound: []netip.Addr{netip.IPv6Unspecified()}, Process: "coredns",
			})
		}
	}
	return s
}

// bound makes what listens in the pods of a node stand at other addresses.
func bound(s *facts.Snapshot, node string, addrs ...string) {
	h := s.Host(node, facts.Last)
	for i := range h.Listening {
		h.Listening[i].Bound = nil
		for _, a := range addrs {
			h.Listening[i].Bound = append(h.Listening[i].Bound, netip.MustParseAddr(a))
		}
	}
}

func loopbackOnly(s *facts.Snapshot) { bound(s, "n2", "127.0.0.1", "::1") }

func TestWhereEndpointsListen(t *testing.T) {
	for name, tc := range map[string]struct {
		addrs   []string
		verdict check.Verdict
		says    string
	}{
		"at all addresses":               {[]string{"0.0.0.0"}, check.Pass, "4 ready endpoints of 1 Service listen"},
		"at the pod's own address":       {[]string{"10.244.2.12"}, check.Pass, "4 ready endpoints of 1 Service listen"},
		"on loopback beside its address": {[]string{"127.0.0.1", "10.244.2.12"}, check.Pass, "4 ready endpoints"},
		"on loopback only": {
			[]string{"127.0.0.1"},
			check.Fail,
			"2 ready endpoints of kube-system/kube-dns can be reached by nobody else, for the socket is bound to 127.0.0.1 only: coredns-2 10.244.2.12:53/UDP on n2",
		},
		"nowhere": {nil, check.Fail, "nothing listens at 2 ready endpoints of kube-system/kube-dns: coredns-2 10.244.2.12:53/UDP on n2"},
	} {
		s := selectDNS(factstest.Healthy(3))
		bound(s, "n2", tc.addrs...)
		r := service.Listening().Evaluate(s)
		says := r.Why
		if len(r.Findings) > 0 {
			says = r.Findings[0].Says
		}
		if r.Verdict != tc.verdict || !strings.HasPrefix(says, tc.says) || len(r.Findings) > 1 {
			t.Errorf("%s: %s: %s", name, r.Verdict, says)
		}
	}
}

func TestAnIPv4SocketDoesNotServeAnIPv6Address(t *testing.T) {
	s := selectDNS(factstest.Healthy(2, facts.IPv6))
	if r := service.Listening().Evaluate(s); r.Verdict != check.Pass {
		t.Fatalf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
	bound(s, "n1", "0.0.0.0")
	if r := service.Listening().Evaluate(s); r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "bound to 0.0.0.0 only") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestWhatWasNotSeenOfSocketsIsUnknown(t *testing.T) {
	gone := selectDNS(factstest.Healthy(3))
	*gone.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
	unread := selectDNS(factstest.Healthy(3))
	for i := range unread.Host("n2", facts.Last).Listening {
		l := &unread.Host("n2", facts.Last).Listening[i]
		l.Bound, l.NotRun = nil, "no process with that address was found"
	}
	silent := selectDNS(factstest.Healthy(3))
	silent.Host("n2", facts.Last).Listening = nil
	refused := selectDNS(factstest.Healthy(3))
	refused.Cluster.Services, refused.Cluster.Errors = nil, []facts.Error{{What: "listing services", Says: "forbidden"}}
	for want, s := range map[string]*facts.Snapshot{
		"the deadline passed": gone, "no process with that address": unread, "holds nothing about it": silent, "forbidden": refused,
	} {
		if r := service.Listening().Evaluate(s); r.Verdict != check.Unknown || !strings.Contains(r.Why, want) {
			t.Errorf("%s: %s: %s", want, r.Verdict, r.Why)
		}
	}
}

func TestServicesThatCannotBeJudged(t *testing.T) {
	absent := selectDNS(factstest.Healthy(3))
	absent.Run.Config.Services = []string{"shop/web"}
	empty := selectDNS(factstest.Healthy(3))
	for i := range empty.Cluster.Services {
		for j := range empty.Cluster.Services[i].Endpoints {
			empty.Cluster.Services[i].Endpoints[j].Ready = false
		}
	}
	excluded := selectDNS(factstest.Healthy(3))
	excluded.Node("n1").Excluded, excluded.Node("n2").Excluded = "--exclude", "--exclude"
	unprivileged := selectDNS(factstest.Healthy(3))
	unprivileged.Run.Unprivileged = true
	for name, tc := range map[string]struct {
		s       *facts.Snapshot
		verdict check.Verdict
		says    string
	}{
		"no Service asked for":        {factstest.Healthy(3), check.Skip, "names no Service"},
		"no such Service":             {absent, check.Fail, "there is no Service shop/web in this cluster"},
		"no ready endpoint":           {empty, check.Fail, "has no ready endpoint; not ready: coredns-1 10.244.1.11:53/UDP on n1"},
		"endpoints on excluded nodes": {excluded, check.Unknown, "none of 4 endpoints is a pod on a node under test"},
		"without host access":         {unprivileged, check.Skip, "--unprivileged"},
	} {
		r := service.Listening().Evaluate(tc.s)
		says := r.Why
		if len(r.Findings) > 0 {
			says = r.Findings[0].Says
		}
		if r.Verdict != tc.verdict || !strings.Contains(says, tc.says) {
			t.Errorf("%s: %s: %s", name, r.Verdict, says)
		}
	}
}
