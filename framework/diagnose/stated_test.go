package diagnose

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// warned is a check with findings that warn.
func warned(id string, findings ...check.Finding) Judged {
	for i := range findings {
		findings[i].Verdict = check.Warn
	}
	return Judged{ID: id, Result: check.Result{Verdict: check.Warn, Findings: findings}}
}

// counted is a finding whose evidence is a counter of the host that moved.
func counted(node, says, counter, values string) check.Finding {
	f := about(node, says)
	f.Evidence = []check.Evidence{{Node: node, Source: "counter " + counter + " (first and last look)", Text: values}}
	return f
}

func TestWhatAHostHoldsIsNamedByItsTrouble(t *testing.T) {
	const drops, moved = "qdisc.eth0.drops", "0 → 7209"
	for _, tc := range []struct {
		name, want string
		judged     Judged
		certainty  report.Certainty
	}{
		{"a file that switches forwarding off", "forwarding-off-at-boot", failed(ipForwardBoot, about("n2", "/etc/sysctl.conf:3 sets net.ipv4.ip_forward to 0")), report.Configured},
		{"rules in both back ends", "mixed-backends", failed("firewall/backends", about("n2", "iptables-legacy and iptables-nft both hold rules")), report.Configured},
		{"a route in the range of Services", "service-cidr-route", failed("route/conflict", about("n2", "the service CIDR 10.96.0.0/16 overlaps an on-link network")), report.Configured},
		{"a route in the range of pods", "pod-cidr-route", failed("route/conflict", about("n2", "the pod CIDR 10.244.0.0/16 overlaps an on-link network")), report.Configured},
		{"another resolver in pods", "wrong-resolver", failed("dns/resolv-conf", about("n2", "nameserver 10.96.0.99 is not the cluster DNS")), report.Configured},
		{"a full table of connections", "conntrack-full", failed("pressure/conntrack", counted("n2", "connection tracking dropped packets", "conntrack.drop", "0 → 381")), report.Proved},
		{"a full queue of connections", "accept-queue-full", failed("pressure/listen-queue", counted("n2", "sleepy does not accept", "netstat.TcpExt.ListenOverflows", "30 → 300")), report.Proved},
		{"a full buffer", "receive-buffer-full", warned("pressure/socket-buffers", counted("n2", "data was lost", "snmp.Udp.RcvbufErrors", "32 → 143")), report.Proved},
		{"an interface that drops", "interface-drops", warned("pressure/interfaces", counted("n2", "eth0: packets were dropped", drops, moved)), report.Proved},
		{"another MTU than the fleet's", "uneven-mtu", warned("mtu/uniform", about("n2", "the MTU of the tunnel flannel.1 is 1400; on 2 of 3 nodes it is 1450")), report.Configured},
		{"a security agent", "security-software", warned("firewall/security-software", about("n2", "qaxsafed runs")), report.Configured},
		{"a firewall manager", "foreign-chains", warned("firewall/services", about("n2", "firewalld's chains are loaded")), report.Configured},
		{"a source that is not the node's address", "address-mismatch", failed("node/address", about("n2", "packets leave with the source 10.0.0.228")), report.Configured},
		{"a pod that listens for itself only", "listens-on-loopback", failed("service/listening", about("n2", "1 ready endpoint of default/web: the socket is bound to 127.0.0.1 only")), report.Configured},
		{"an endpoint without a listener", "service-without-listener", failed("service/listening", about("n2", "nothing listens at 1 ready endpoint of default/web")), report.Configured},
	} {
		t.Run(tc.name, func(t *testing.T) {
			causes := Diagnose(factstest.Healthy(3), []Judged{tc.judged})
			if len(causes) != 1 || causes[0].ID != tc.want {
				t.Fatalf("got %s", said(causes))
			}
			c := causes[0]
			equal(t, c.Key, tc.want+"/n2")
			equal(t, string(c.Certainty), string(tc.certainty))
			equal(t, c.Verdict.String(), tc.judged.Result.Verdict.String())
			if !strings.HasPrefix(c.Says, "n2: ") || len(c.Evidence) == 0 || len(c.Remedy) == 0 || c.Grounds == "" {
				t.Errorf("a cause names its node, what was seen, what to do and why: %+v", c)
			}
		})
	}
}

func TestACauseOfAHostLeavesWhatIsNotItsOwn(t *testing.T) {
	for name, judged := range map[string]Judged{
		"a clash of two packets needs no full table":    warned("pressure/conntrack", counted("n2", "their connection clashed with another one", "conntrack.insert_failed", "0 → 3")),
		"an interface without a counter that moved":     warned("pressure/interfaces", about("n2", "eth0 has no link")),
		"a Service that nobody asked for is no pod's":   failed("service/listening", check.Finding{Subject: "a/b", Says: "there is no Service a/b in this cluster"}),
		"a load is a state of the machine":              warned("pressure/load", about("n2", "9 processes for each of 2 cores")),
		"a narrow path on nodes whose MTUs are alike":   warned("mtu/path", about("n2", "packets over 1400 bytes do not fit")),
		"what is not known states nothing of the rules": {ID: "firewall/chains", Result: check.Result{Findings: []check.Finding{{Nodes: []string{"n2"}, Says: "its chains are not known"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range Diagnose(factstest.Healthy(3), []Judged{judged}) {
				if c.ID != "host-check" {
					t.Errorf("%s claims it: %s", c.ID, c.Says)
				}
			}
		})
	}
}

func TestNodesOfWhichTheSameIsSaidAreOneCause(t *testing.T) {
	f := about("n1", "qaxsafed runs")
	f.Nodes = []string{"n1", "n3"}
	causes := Diagnose(factstest.Healthy(3), []Judged{warned("firewall/security-software", f)})
	equal(t, find(t, causes, "security-software").Key, "security-software/n1,n3")
}

func TestAMechanismComesBeforeWhatAHostStates(t *testing.T) {
	s := factstest.Healthy(3)
	causes := Diagnose(s, []Judged{
		failed("overlay/local-address", about("n2", "flannel.1 sends from 10.0.0.228")),
		warned("node/address", about("n2", "eth0 has 2 global addresses")),
	})
	if len(causes) != 1 || causes[0].ID != "tunnel-address" {
		t.Errorf("got %s", said(causes))
	}
}

// large is a finding about transfers between two pairs, one of which ends on n2.
func large(s *facts.Snapshot) Judged {
	const key = "pod>pod/bulk/ipv4@main"
	f := check.Finding{Subject: "large", Nodes: []string{"n1", "n2"}, Says: "2 pairs answered, but not at every attempt", Flow: key}
	for _, p := range []check.Pair{{From: "pod/n1", To: "pod/n2"}, {From: "pod/n1", To: "pod/n3"}} {
		factstest.Set(s, key, p.From, p.To, facts.Cell{Outcome: facts.OK, Retried: true}, nil)
		f.Pairs = append(f.Pairs, p)
	}
	return warned("service/large-transfer", f)
}

func TestAnUnevenMTUExplainsLargePacketsOfItsNodeOnly(t *testing.T) {
	s := factstest.Healthy(3)
	odd := warned("mtu/uniform", about("n2", "the MTU of flannel.1 is 1400"))
	path := warned("mtu/path", about("n2", "2 of 6 pairs are told that packets over 1400 bytes do not fit"))
	c := find(t, Diagnose(s, []Judged{odd, path, large(s)}), "uneven-mtu")
	if len(c.Explains) != 3 || c.Explains[2].Pairs != 1 {
		t.Errorf("explains %+v", c.Explains)
	}
}

func TestAnInterfaceThatDropsExplainsWhatCameAtAnotherAttempt(t *testing.T) {
	s := factstest.Healthy(3)
	drops := warned("pressure/interfaces", counted("n2", "eth0: packets were dropped", "qdisc.eth0.drops", "0 → 7209"))
	c := find(t, Diagnose(s, []Judged{large(s), drops}), "interface-drops")
	if len(c.Explains) != 2 || c.Explains[0].Pairs != 1 {
		t.Errorf("explains %+v", c.Explains)
	}
	contains(t, c.Grounds, "qdisc.eth0.drops of n2 grew by 7,209")
}

func TestALateAnswerIsNoWrongChecksumWherePacketsAreLost(t *testing.T) {
	s := factstest.Healthy(3)
	late := warned("overlay/checksum", about("n2", "1 of 1 answers came after 1.0 s, when the first packet was sent again"))
	if causes := Diagnose(s, []Judged{late}); !has(causes, "tunnel-checksum") {
		t.Errorf("got %s", said(causes))
	}
	route := failed("route/pod-cidr", about("n2", "no route to 10.244.3.0/24"))
	cut(s, overTunnel(of("n2")))
	red := failed("reach/pod-to-pod", check.Finding{Subject: "n2", Nodes: []string{"n2"}, Flow: "pod>pod/tcp/ipv4@main", Pairs: []check.Pair{{From: "pod/n2", To: "pod/n3"}}})
	if causes := Diagnose(s, []Judged{route, red, late}); has(causes, "tunnel-checksum") {
		t.Errorf("got %s", said(causes))
	}
}

func TestASocketLeadsToItsProcess(t *testing.T) {
	f := about("n2", "the owner of tcp 127.0.0.1:7070 does not accept")
	f.Subject = "n2 (tcp 127.0.0.1:7070)"
	c := find(t, Diagnose(factstest.Healthy(3), []Judged{failed("pressure/listen-queue", f)}), "accept-queue-full")
	equal(t, c.Remedy[0].Command, "ss -Htanp 'sport = :7070'")
	if !slices.ContainsFunc(c.Remedy, func(r check.Remedy) bool {
		return r.Purpose == check.Verify && strings.Contains(r.Command, "TcpExtListenDrops")
	}) {
		t.Errorf("no step checks the counters: %+v", c.Remedy)
	}
	for subject, want := range map[string]string{"n2 (named udp [::]:53)": "udp 53", "n2": "", "n2 (load)": ""} {
		got := ""
		if proto, port, found := socketOf([]located{{"x", check.Finding{Subject: subject}}}); found {
			got = proto + " " + strconv.Itoa(port)
		}
		equal(t, got, want)
	}
}

func TestTablesThatNobodyOwnsAreShown(t *testing.T) {
	f := check.Finding{Subject: "unknown chains", Nodes: []string{"n2"}, Says: "unknown chains on 1 node", Evidence: []check.Evidence{{Node: "n2", Source: "firewall chains", Text: "nft inet narrow/in"}}}
	c := find(t, Diagnose(factstest.Healthy(3), []Judged{warned(firewallChains, f)}), "foreign-chains")
	equal(t, c.Says, "n2: unknown chains stand in the packet filter: nft inet narrow/in; their rules act on the cluster's packets too")
	equal(t, c.Remedy[0].Command, "nft -a list table inet narrow")
}
