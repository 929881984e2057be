package diagnose

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// hairpins is one finding about two nodes: nothing behind their Service answers itself.
func hairpins(s *facts.Snapshot, off ...string) Judged {
	f := check.Finding{Subject: "every node but n1", Nodes: []string{"n2", "n3"}, Verdict: check.Fail, Says: "2 of 3 pods time out", Flow: "pod>hairpin/tcp/ipv4@main"}
	for _, n := range f.Nodes {
		factstest.Set(s, f.Flow, "pod/"+n, "hairpin", facts.Cell{Outcome: facts.Timeout}, nil)
		f.Pairs = append(f.Pairs, check.Pair{From: "pod/" + n, To: "hairpin"})
	}
	for _, n := range off {
		f.Evidence = append(f.Evidence, check.Evidence{Node: n, Source: "bridge ports (last look)", Text: "hairpin off on veth1"})
		h := s.Host(n, facts.Last)
		h.Interfaces = append(slices.Clone(h.Interfaces), facts.Interface{Name: "veth1", HairpinOff: true})
	}
	return failed("service/hairpin", f)
}

func TestAFindingThatTwoCausesShareIsExplainedByBoth(t *testing.T) {
	s := factstest.Healthy(3)
	d := Find(s, append(rejecting(s, "n2"), hairpins(s, "n3")))
	c := find(t, d.Causes, "hairpin-off")
	equal(t, c.Key, "hairpin-off/n3")
	contains(t, c.Says, "n3: the bridge sends nothing back")
	if find(t, d.Causes, "forward-rejected").Key != "forward-rejected/n2" || len(d.Open) > 0 {
		t.Errorf("%s, open %+v", said(d.Causes), d.Open)
	}
}

func TestWhatIsLeftOfAFindingStaysOpen(t *testing.T) {
	s := factstest.Healthy(3)
	d := Find(s, append(rejecting(s, "n2"), hairpins(s)))
	if len(d.Open) != 1 || len(d.Open[0].Finding.Pairs) != 1 || d.Open[0].Finding.Pairs[0].From != "pod/n3" || !slices.Equal(d.Open[0].Finding.Nodes, []string{"n3"}) {
		t.Errorf("%s, open %+v", said(d.Causes), d.Open)
	}
}

func TestARuleExplainsThePortsThatItNames(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, overTunnel(of("n2")))
	nodePorts := rule("n3", "PREROUTING", "-A PREROUTING -p tcp -m tcp --dport 30000:32767 -j DROP", "drops NodePorts (TCP 30000) from the other nodes", 9)
	d := Find(s, append(traffic(s), failed(firewallInput, nodePorts)))
	for _, e := range find(t, d.Causes, "input-blocked").Explains {
		if e.Check != firewallInput {
			t.Errorf("it takes %+v", e)
		}
	}
}

func TestWhatTheRunHealedExplainsWhatChanged(t *testing.T) {
	const first = "host>dnsService/dns-udp/ipv4@first"
	s := factstest.Healthy(3)
	if s.Matrix(factstest.Flow(first)) == nil {
		factstest.Add(s, first)
	}
	factstest.Set(s, first, "host/n1", "dns", facts.Cell{Outcome: facts.Timeout}, nil)
	for i := range s.Cluster.DNSPods {
		s.Cluster.DNSPods[i].Node = "n2"
	}
	changed := about("n1", "the cluster DNS did not answer this host at the first look (timeout) and answers now")
	changed.Flow, changed.Pairs = first, []check.Pair{{From: "host/n1", To: "dns"}}
	off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
	off(s, "n2", "net.ipv4.ip_forward", "1", facts.Last)
	judged := slices.Concat(dropped(s, "n2", 9), []Judged{failed(ipForward, about("n2", "net.ipv4.ip_forward was 0")), failed(nodeChanged, changed)})
	d := Find(s, judged)
	for _, c := range d.Causes {
		for _, e := range c.Explains {
			if e.Check == nodeChanged && c.ID != "no-forwarding" {
				t.Errorf("%s takes what changed", c.Key)
			}
		}
	}
	if find(t, d.Causes, "no-forwarding").Explains == nil || len(d.Open) > 0 {
		t.Errorf("open %+v", d.Open)
	}
}

func TestAStrictFilterIsWhyTheNodeDiffers(t *testing.T) {
	s := factstest.Healthy(3)
	odd := about("n2", "net.ipv4.conf.eth0.rp_filter is 1, and 0 on the other 2 nodes")
	odd.Verdict = check.Warn
	other := about("n2", "the kernel is 5.4.0, and 6.12.0 on the other 2 nodes")
	other.Verdict = check.Warn
	d := Find(s, []Judged{failed("kernel/rp-filter", about("n2", "the reverse path filter dropped 3 packets")), failed("node/uniform", odd, other)})
	for _, e := range find(t, d.Causes, "reverse-path").Explains {
		if e.Check == "node/uniform" && e.Findings == 1 {
			return
		}
	}
	t.Errorf("%+v", d.Causes)
}

func TestAWrongOuterAddressThatPassesElsewhereLeavesAWrongRouteItsPairs(t *testing.T) {
	address := func() Judged {
		return failed("overlay/local-address", about("n2", "flannel.1 sends from 10.0.0.99"))
	}
	s := factstest.Healthy(3)
	d := Find(s, append(routeless(s, "n3", "n2"), append(traffic(s), address())...))
	if c := find(t, d.Causes, "tunnel-address"); len(c.Explains) != 1 || len(d.Open) > 0 {
		t.Errorf("%+v, open %+v", c.Explains, d.Open)
	}
	s = factstest.Healthy(3)
	routeless(s, "n3", "n2")
	d = Find(s, append(traffic(s), address()))
	if c := find(t, d.Causes, "tunnel-address"); len(c.Explains) < 2 {
		t.Errorf("without a route that is wrong it explains %+v", c.Explains)
	}
}
