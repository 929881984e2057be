package reach_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/reach"
)

var update = flag.Bool("update", false, "write the recordings anew")

type spoil struct {
	key   string
	words []string
}

func snapshot(spoils ...spoil) *facts.Snapshot {
	s := factstest.Healthy(3)
	for _, sp := range spoils {
		factstest.Letters(s, sp.key, sp.words...)
	}
	return s
}

func TestAHealthyClusterPasses(t *testing.T) {
	always := slices.DeleteFunc(reach.All(), func(c check.Check) bool { return c.Level == check.OptIn })
	factstest.Passes(t, always, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "ten nodes": factstest.Healthy(10),
	})
}

func TestEveryPairOfANodeWithoutForwardingIsOneFinding(t *testing.T) {
	var spoils []spoil
	for _, via := range []string{"tcp", "udp", "icmp"} {
		spoils = append(spoils, spoil{"pod>pod/" + via + "/ipv4@main", []string{"..T", "..T", "TT."}})
	}
	r := reach.PodToPod().Evaluate(snapshot(spoils...))
	factstest.Expect(t, r, check.Fail, "5 of 9 pairs answer (TCP, UDP and ICMP; IPv4)",
		"4 of 9 pairs time out: all between n3 and other nodes (TCP, UDP and ICMP; IPv4)")
	remedy := r.Findings[0].Remedy
	if len(remedy) < 3 || remedy[0].Node != "n3" || remedy[0].Command != "sysctl -n net.ipv4.ip_forward" {
		t.Errorf("%+v", remedy)
	}
}

func TestIPv6AloneIsNamedAndItsOwnSysctlIsTheRemedy(t *testing.T) {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	factstest.Letters(s, "pod>host/tcp/ipv6@main", "...", "U.U", "...")
	r := reach.PodToHost().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "7 of 9 pairs answer (TCP, UDP and ICMP; IPv4 and IPv6)",
		"2 of 9 pairs are unreachable: all from n2 to other nodes (TCP only; IPv6 only)")
	if c := r.Findings[0].Remedy[0].Command; c != "sysctl -n net.ipv6.conf.all.forwarding" {
		t.Error(c)
	}
}

func TestBetweenHostsNothingOfKubernetesIsSuspected(t *testing.T) {
	r := reach.HostToHost().Evaluate(snapshot(spoil{"host>host/udp/ipv4@main", []string{".T.", "...", "..."}}))
	factstest.Expect(t, r, check.Fail, "8 of 9 pairs answer (TCP, UDP and ICMP; IPv4)",
		"1 of 9 pairs times out: only from n1 to n2; the opposite direction is well (UDP only; IPv4)")
	for _, m := range r.Findings[0].Remedy {
		if strings.Contains(m.Command, "kubectl") || m.Node == "" && m.Purpose != check.Verify {
			t.Errorf("a step that is of Kubernetes, or of no node: %+v", m)
		}
	}
}

func TestARewrittenSourceFailsAndAPairThatDoesNotConnectIsNotJudged(t *testing.T) {
	r := reach.SourceIP().Evaluate(snapshot(spoil{"pod>pod/tcp/ipv4@main", []string{"...", "n.n", "T.."}}))
	factstest.Expect(t, r, check.Fail, "6 of 8 pairs keep the sender's address (TCP; IPv4); 1 not judged here: they do not connect (see reach/pod-to-pod)",
		"2 of 8 pairs arrive with another source address: all from n2 to other nodes (TCP; IPv4)")
	const want = "from 10.244.2.2 to 10.244.1.2 port 40001: ok (1 of 1 attempts) after 256 µs; the far end saw 10.0.0.12 (n2)"
	if e := r.Findings[0].Evidence[0]; e.Text != want {
		t.Error(e.Text)
	}
}

func TestASourceThatNothingShowsIsUnknown(t *testing.T) {
	r := reach.SourceIP().Evaluate(snapshot(spoil{"pod>pod/tcp/ipv4@main", []string{"TTT", "TTT", "TTT"}}))
	factstest.Expect(t, r, check.Unknown, "nothing could be judged; 9 not judged here: they do not connect (see reach/pod-to-pod)")
}

func TestAClosedPortTellsAFilterFromAProxy(t *testing.T) {
	const pods, hosts = "pod>pod/closed/ipv4@main", "pod>host/closed/ipv4@main"
	r := reach.ClosedPort().Evaluate(snapshot(spoil{pods, []string{"OOO", "OOO", "OOO"}}, spoil{hosts, []string{".T.", ".T.", ".T."}}))
	factstest.Expect(t, r, check.Fail, "6 of 18 pairs refuse a closed port at once (TCP to a closed port; IPv4)",
		"9 of 9 pairs connect to a closed port: all of them (TCP to a closed port; IPv4)",
		"3 of 9 pairs hear nothing from a closed port (a silent filter): all to n2 (TCP to a closed port; IPv4)")
}

func TestAClosedPortIsNotJudgedWhereNothingConnects(t *testing.T) {
	r := reach.ClosedPort().Evaluate(snapshot(
		spoil{"pod>pod/closed/ipv4@main", []string{"..T", "..T", "TT."}}, spoil{"pod>pod/tcp/ipv4@main", []string{"..T", "..T", "TT."}}))
	factstest.Expect(t, r, check.Pass, "14 of 14 pairs refuse a closed port at once (TCP to a closed port; IPv4); "+
		"4 not judged here: they do not connect to an open port either (see reach/pod-to-pod and reach/pod-to-host)")
}

func TestAClosedPortIsUnknownWhereTheOpenOneWasNotAsked(t *testing.T) {
	s := snapshot(spoil{"pod>pod/closed/ipv4@main", []string{"..T", "...", "..."}})
	factstest.Keep(s, "pod>pod/closed", "pod>host/closed")
	factstest.Expect(t, reach.ClosedPort().Evaluate(s), check.Unknown, "1 pair not run: whether they connect to an open port was not observed (from pods; TCP to a closed port; IPv4)",
		"1 pair not run: whether they connect to an open port was not observed (from pods; TCP to a closed port; IPv4)")
}

func TestAskingNamesEveryFamilyOnce(t *testing.T) {
	scope := check.Scope{Families: []facts.Family{facts.IPv4, facts.IPv6}, HasDNS: true, Config: facts.Config{RuntimeClasses: []string{"kata"}}}
	for _, c := range reach.All() {
		seen := map[string]bool{}
		for _, f := range c.Ask(scope) {
			if seen[f.Key()] || !f.Valid() {
				t.Errorf("%s asks %s twice or wrongly", c.ID, f.Key())
			}
			seen[f.Key()] = true
		}
		if len(seen) == 0 {
			t.Errorf("%s asks nothing", c.ID)
		}
	}
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	failing := map[string][]spoil{
		"pod_to_pod":   {{"pod>pod/tcp/ipv4@main", []string{"..T", "..T", "TT."}}, {"pod>pod/udp/ipv4@main", []string{"..T", "..T", "TT."}}, {"pod>pod/icmp/ipv4@main", []string{"..T", "..T", "TT."}}},
		"pod_to_host":  {{"pod>host/tcp/ipv4@main", []string{"...", "...", "UU."}}, {"pod>host/udp/ipv4@main", []string{"...", "...", "UU."}}, {"pod>host/icmp/ipv4@main", []string{"...", "...", "UU."}}},
		"host_to_pod":  {{"host>pod/tcp/ipv4@main", []string{".T.", "...", ".T."}}, {"host>pod/udp/ipv4@main", []string{".T.", "...", ".T."}}, {"host>pod/icmp/ipv4@main", []string{".T.", "...", ".T."}}},
		"host_to_host": {{"host>host/udp/ipv4@main", []string{".T.", "T..", "..."}}},
		"source_ip":    {{"pod>pod/tcp/ipv4@main", []string{"...", "n.n", "..."}}},
		"gateway":      {{gateways, []string{"..T", "..T", "TT."}}},
		"closed_port":  {{"pod>pod/closed/ipv4@main", []string{".T.", ".T.", ".T."}}},
	}
	further := map[string]func(*facts.Snapshot){
		"quality":       func(s *facts.Snapshot) { slowNode(s, "n2", 52_000) },
		"runtime_class": func(s *facts.Snapshot) { notReady(s, "n2") },
	}
	reads := map[string][]string{
		"pod_to_pod":    {"pod>pod/tcp", "pod>pod/udp", "pod>pod/icmp"},
		"pod_to_host":   {"pod>host/tcp", "pod>host/udp", "pod>host/icmp"},
		"host_to_pod":   {"host>pod/tcp", "host>pod/udp", "host>pod/icmp"},
		"host_to_host":  {"host>host/tcp", "host>host/udp", "host>host/icmp"},
		"source_ip":     {"pod>pod/tcp"},
		"gateway":       {"host>gateway"},
		"quality":       {"pod>pod/series", "host>host/series"},
		"closed_port":   {"pod>pod/closed", "pod>host/closed", "pod>pod/tcp", "pod>host/tcp"},
		"runtime_class": {"runtime>", "pod>runtime/"},
	}
	for _, c := range reach.All() {
		name := factstest.FileName(c.ID)
		pass, fail, unknown := snapshot(), snapshot(failing[name]...), snapshot()
		for _, s := range []*facts.Snapshot{pass, fail, unknown} {
			if c.ID == "reach/runtime-class" {
				kata(s)
			}
		}
		if spoil := further[name]; spoil != nil {
			spoil(fail)
		}
		factstest.SilenceNode(unknown, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
		for _, s := range []*facts.Snapshot{pass, fail, unknown} {
			trim(s, c, reads[name]...)
		}
		factstest.Recordings(t, c, *update, pass, fail, unknown)
	}
}

// trim leaves of a recording what its check reads: of the hosts the interfaces.
func trim(s *facts.Snapshot, c check.Check, reads ...string) {
	hosts := s.Hosts
	factstest.Trim(s, reads...)
	s.Further, s.Cluster.Services, s.Cluster.CNILogs, s.Cluster.CNIPods, s.Cluster.CNIPodsLast = nil, nil, nil, nil, nil
	for _, h := range hosts {
		if slices.Contains(c.Looks, h.Look) {
			s.Hosts = append(s.Hosts, facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces})
		}
	}
}
