package diagnose

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

func TestAHealthyRunSendsNothingAgain(t *testing.T) {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	if got := Resend(s, traffic(s)); len(got) != 0 {
		t.Errorf("sent again: %+v", got)
	}
}

func TestABlockedTunnelWithoutARuleFoundIsSentAgainFromPodToPod(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, overTunnel(of("n2")))
	got := Resend(s, traffic(s))
	if len(got) != 1 {
		t.Fatalf("sent again: %+v", got)
	}
	one := got[0]
	equal(t, one.ID, "1")
	equal(t, one.For, "vxlan-blocked/n2")
	equal(t, one.Flow.Key(), "pod>pod/tcp/ipv4@main")
	equal(t, one.From.String()+" → "+one.To.ID, "pod/n1 → pod/n2")
	if !one.To.Addr.IsValid() || one.To.Port == 0 || one.Watches != nil || one.Attempts != nil {
		t.Errorf("it is %+v", one)
	}
}

func TestAProvedCauseIsShownAfterWhatIsNotProved(t *testing.T) {
	s := factstest.Healthy(4)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n3", "net.ipv4.ip_forward", "0", facts.Last)
	cut(s, newInput(s, nil).podTraffic([]string{"n3"}))
	judged := append(traffic(s), failed(ipForward, about("n3", "net.ipv4.ip_forward is 0")))
	got := Resend(s, judged)
	if len(got) != 1 || got[0].For != "no-forwarding/n3" {
		t.Fatalf("sent again: %+v", got)
	}
	factstest.Set(s, "host>host/tcp/ipv4@main", "host/n1", "host/n2", facts.Cell{Outcome: facts.Timeout}, nil)
	judged = append(traffic(s), failed(ipForward, about("n3", "net.ipv4.ip_forward is 0")))
	got = Resend(s, judged)
	var keys []string
	for _, one := range got {
		keys = append(keys, one.For)
	}
	if len(keys) < 2 || keys[len(keys)-1] != "no-forwarding/n3" || !slices.ContainsFunc(keys, func(k string) bool { return k == "unexplained/reach/host-to-host-tcp/host>host/tcp/ipv4@main" }) {
		t.Errorf("sent again for %q", keys)
	}
}

func TestAtMostFiveAreSentAgainAndNoPairTwice(t *testing.T) {
	s := factstest.Healthy(9)
	var judged []Judged
	for i := 1; i < 9; i++ {
		from, to := "host/"+factstest.Name(i), "host/"+factstest.Name(i+1)
		var findings []check.Finding
		for _, key := range []string{"host>host/tcp/ipv4@main", "host>host/icmp/ipv4@main"} {
			factstest.Set(s, key, from, to, facts.Cell{Outcome: facts.Timeout}, nil)
			findings = append(findings, check.Finding{Subject: from + key, Says: "x", Flow: key, Pairs: []check.Pair{{From: from, To: to}}})
		}
		judged = append(judged, failed("reach/host", findings...))
	}
	got := Resend(s, judged)
	if len(got) != mostTraces {
		t.Errorf("%d flows are sent again", len(got))
	}
	seen := map[string]bool{}
	for _, one := range got {
		if ends := one.From.String() + one.To.ID; seen[ends] {
			t.Errorf("%s twice", ends)
		} else {
			seen[ends] = true
		}
	}
}

func TestAVantageThatDoesNotAnswerSendsNothing(t *testing.T) {
	s := factstest.Healthy(2)
	cut(s, overTunnel(func(a, b string) bool { return true }))
	for i := range s.Nodes {
		s.Nodes[i].PodAgent.Ready, s.Nodes[i].NodeAgent.Ready = false, false
	}
	if got := Resend(s, traffic(s)); len(got) != 0 {
		t.Errorf("sent again: %+v", got)
	}
}

func TestAWrongOuterAddressIsShownByAFlowThatComesThrough(t *testing.T) {
	s := factstest.Healthy(3)
	judged := append(traffic(s), failed("overlay/local-address", about("n2", "flannel.1 sends from 10.0.0.228")))
	got := Resend(s, judged)
	if len(got) != 1 {
		t.Fatalf("sent again: %+v", got)
	}
	equal(t, got[0].For, "tunnel-address/n2")
	equal(t, got[0].Flow.Key(), "pod>pod/tcp/ipv4@main")
	equal(t, got[0].From.String()+" → "+got[0].To.ID, "pod/n2 → pod/n1")
	s.Nodes[1].PodAgent.Ready = false
	if got := Resend(s, judged); len(got) != 0 {
		t.Errorf("a vantage that does not answer sends %+v", got)
	}
}

func TestWhatCameRightAfterTheFirstLookIsNotSentAgain(t *testing.T) {
	s := factstest.Healthy(3)
	const first, later = "host>dnsService/dns-udp/ipv4@first", "host>dnsService/dns-udp/ipv4@main"
	factstest.Set(s, first, "host/n2", "dns", facts.Cell{Outcome: facts.Timeout}, nil)
	judged := []Judged{failed("dns/service", check.Finding{Subject: "n2", Says: "x", Flow: first, Pairs: []check.Pair{{From: "host/n2", To: "dns"}}})}
	if got := Resend(s, judged); len(got) != 0 {
		t.Errorf("sent again: %+v", got)
	}
	factstest.Set(s, later, "host/n2", "dns", facts.Cell{Outcome: facts.Timeout}, nil)
	if got := Resend(s, judged); len(got) != 1 {
		t.Errorf("sent again: %+v", got)
	}
}

func TestAServiceOfWhichSomeAnswersAreMissingIsSentAgain(t *testing.T) {
	s := factstest.Healthy(3)
	const key = "pod>clusterIP/tcp/ipv4@main"
	judged := []Judged{failed("service/cluster-ip", check.Finding{Subject: "n2", Says: "x", Flow: key, Pairs: []check.Pair{{From: "pod/n2", To: "service"}}})}
	if got := Resend(s, judged); len(got) != 0 {
		t.Errorf("what came right is sent again: %+v", got)
	}
	for _, c := range []facts.Cell{{Outcome: facts.OK, Partial: true}, {Outcome: facts.OK, Retried: true}} {
		factstest.Set(s, key, "pod/n2", "service", c, nil)
		if got := Resend(s, judged); len(got) != 1 || got[0].Flow.Key() != key {
			t.Errorf("%+v: sent again: %+v", c, got)
		}
	}
}

func TestTwoCausesBetweenTheSameEndsAreBothSentAgain(t *testing.T) {
	s := factstest.Healthy(3)
	judged := append(routeless(s, "n2", "n1"), rejecting(s, "n2")[0])
	var keys []string
	ends := map[[2]string]bool{}
	for _, one := range Resend(s, append(traffic(s), judged...)) {
		keys = append(keys, one.For)
		ends[[2]string{one.From.String(), one.To.ID}] = true
	}
	slices.Sort(keys)
	if !slices.Equal(keys, []string{"forward-rejected/n2", "route-missing/n2"}) || len(ends) != 2 {
		t.Errorf("sent again for %q between %v", keys, ends)
	}
}

func TestOfProvedCausesTwoShowThePlace(t *testing.T) {
	s := factstest.Healthy(5)
	var judged []Judged
	for _, node := range []string{"n1", "n2", "n3"} {
		f := about(node, "dropped")
		f.Evidence = []check.Evidence{{Node: node, Source: "counter IPReversePathFilter (first and last look)", Text: "0 → 9"}}
		f.Says += " on " + node
		judged = append(judged, failed("kernel/rp-filter", f))
	}
	cut(s, overTunnel(func(a, b string) bool { return b == "n1" || b == "n2" || b == "n3" }))
	if got := Resend(s, append(traffic(s), merged(judged)...)); len(got) != mostShown {
		t.Errorf("sent again: %+v", got)
	}
}
