package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const series = "pod>pod/series/ipv4@main"

// measuredLoss is what reach/quality says of connects that n2 lost.
func measuredLoss() check.Finding {
	f := about("n2", "4 of 80 connects from and to n2 were lost (pods, IPv4)")
	f.Flow, f.Pairs = series, []check.Pair{{From: "pod/n1", To: "pod/n2"}}
	return f
}

// shaky is a finding about pairs that answered, but not at every attempt.
func shaky(s *facts.Snapshot, from, to string) Judged {
	const key = "pod>pod/udp/ipv4@main"
	factstest.Set(s, key, from, to, facts.Cell{Outcome: facts.OK, Retried: true}, nil)
	return warned("reach/pod-to-pod", check.Finding{Subject: from, Nodes: []string{"n1", "n2"}, Says: "1 pair answered, but not at every attempt", Flow: key, Pairs: []check.Pair{{From: from, To: to}}})
}

// nftTable is a table of nft on n2 that drops each 33rd packet, or queues them.
func nftTable(s *facts.Snapshot, table, expression string) {
	h := s.Host("n2", facts.Last)
	h.Firewall = append(h.Firewall, facts.Dump{Tool: "nft", Text: `{"nftables":[{"table":{"family":"inet","name":"` + table + `"}},` +
		`{"chain":{"family":"inet","table":"` + table + `","name":"in","type":"filter","hook":"prerouting","prio":-350,"policy":"accept"}},` +
		`{"rule":{"family":"inet","table":"` + table + `","chain":"in","handle":6,"expr":[` + expression + `]}}]}`})
}

const eachOf33 = `{"match":{"op":"==","left":{"numgen":{"mode":"inc","mod":33,"offset":0}},"right":0}},{"drop":null}`

func TestLossTakesThePairsOfItsNodeThatAnsweredLater(t *testing.T) {
	s := factstest.Healthy(3)
	causes := Diagnose(s, []Judged{failed(quality, measuredLoss()), shaky(s, "pod/n1", "pod/n2")})
	c := find(t, causes, "packet-loss")
	equal(t, string(c.Certainty), string(report.Fits))
	contains(t, c.Says, "4 of 80 connects from and to n2 were lost")
	if len(causes) != 1 || len(c.Explains) != 2 {
		t.Errorf("got %s, %+v", said(causes), c.Explains)
	}
}

func TestLossLeavesPairsOfOtherNodes(t *testing.T) {
	s := factstest.Healthy(3)
	c := find(t, Diagnose(s, []Judged{failed(quality, measuredLoss()), shaky(s, "pod/n1", "pod/n3")}), "packet-loss")
	if len(c.Explains) != 1 {
		t.Errorf("explains %+v", c.Explains)
	}
}

func TestARuleThatDropsAShareIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	nftTable(s, "lossy", eachOf33)
	chains := check.Finding{Subject: "unknown chains", Nodes: []string{"n2"}, Says: "unknown chains on 1 node", Evidence: []check.Evidence{{Node: "n2", Source: "firewall chains", Text: "nft inet lossy/in"}}}
	causes := Diagnose(s, []Judged{failed(quality, measuredLoss()), warned(firewallChains, chains)})
	c := find(t, causes, "packet-loss")
	equal(t, string(c.Certainty), string(report.Configured))
	contains(t, c.Says, "on n2 a rule drops a share of the packets: nft, table lossy, chain in, rule 1: numgen inc mod 33 0 drop")
	equal(t, c.Remedy[0].Command, "nft delete rule inet lossy in handle 6")
	if len(causes) != 1 {
		t.Errorf("the table belongs to it: %s", said(causes))
	}
}

func TestLossIsNotClaimedWhereNothingPassesOrSomethingElseExplainsIt(t *testing.T) {
	t.Run("nothing passes", func(t *testing.T) {
		s := factstest.Healthy(3)
		factstest.Set(s, series, "pod/n1", "pod/n2", facts.Cell{Outcome: facts.Timeout}, nil)
		if causes := Diagnose(s, []Judged{failed(quality, measuredLoss())}); len(causes) != 0 {
			t.Errorf("got %s", said(causes))
		}
	})
	t.Run("the route is missing", func(t *testing.T) {
		s := factstest.Healthy(3)
		factstest.Set(s, series, "pod/n1", "pod/n2", facts.Cell{Outcome: facts.Timeout}, nil)
		causes := Diagnose(s, []Judged{failed("route/pod-cidr", about("n2", "no route to 10.244.1.0/24")), failed(quality, measuredLoss())})
		if has(causes, "packet-loss") {
			t.Errorf("got %s", said(causes))
		}
	})
}

func TestADelayNamesTheRuleThatHandsPacketsToAProgram(t *testing.T) {
	late := about("n2", "connects from and to n2 take 86 ms at the median, 315 times the 0.27 ms between the other nodes")
	late.Flow, late.Pairs = series, []check.Pair{{From: "pod/n1", To: "pod/n2"}}
	s := factstest.Healthy(3)
	c := find(t, Diagnose(s, []Judged{warned(quality, late)}), "delay")
	equal(t, string(c.Certainty), string(report.Fits))
	h := s.Host("n2", facts.Last)
	h.Firewall = append(h.Firewall, facts.Dump{Tool: "iptables-nft-save", Text: "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -j NFQUEUE --queue-num 7\nCOMMIT\n"})
	c = find(t, Diagnose(s, []Judged{warned(quality, late)}), "delay")
	contains(t, c.Says, "on n2 a rule hands packets to a program, which holds them back")
	equal(t, c.Remedy[0].Command, "iptables-nft -t mangle -D PREROUTING -i eth0 -j NFQUEUE --queue-num 7")
	if has(Diagnose(s, []Judged{failed(quality, measuredLoss())}), "delay") {
		t.Error("loss is no delay")
	}
}

func TestWordsOfRulesThatTouchAShare(t *testing.T) {
	for _, tc := range []struct {
		rule         string
		share, queue bool
	}{
		{"iif eth0 numgen inc mod 33 0 drop", true, false},
		{"numgen random mod 2 0 accept", false, false},
		{"-A INPUT -m statistic --mode random --probability 0.03 -j DROP", true, false},
		{"-A KUBE-SVC-X -m statistic --mode random --probability 0.5 -j KUBE-SEP-Y", false, false},
		{"-A PREROUTING -j NFQUEUE --queue-num 7 --queue-bypass", false, true},
		{`meta l4proto tcp queue {"num": 7}`, false, true},
		{"-A INPUT -j DROP", false, false},
	} {
		if dropsShare(tc.rule) != tc.share || queuesPackets(tc.rule) != tc.queue {
			t.Errorf("%s: share %t, queue %t", tc.rule, dropsShare(tc.rule), queuesPackets(tc.rule))
		}
	}
}
