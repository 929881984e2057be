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

// stuck makes the transfers of one sender hang after the handshake.
func stuck(s *facts.Snapshot, key, from string, o facts.Outcome, bytes int, to ...string) {
	for _, target := range to {
		factstest.Set(s, key, from, target, facts.Cell{Outcome: o, Partial: bytes > 0}, &facts.Detail{Attempts: []facts.Attempt{{
			Outcome: o, Micros: 2_500_000, Connected: true, Size: bytes,
		}}})
	}
}

// stuckOutside: the runner reaches all NodePorts, and no large packet comes through.
func stuckOutside(s *facts.Snapshot) {
	stuck(s, "runner>nodePort/bulk/ipv4@main", "runner", facts.Timeout, 0, "nodePort/n1", "nodePort/n2", "nodePort/n3")
}

func transfer(s *facts.Snapshot) check.Result { return service.LargeTransfer().Evaluate(s) }

const wholeTransfer = " (1 MiB over TCP; IPv4; from pods, hosts and the runner)"

func TestTransfersFromOutsideThatHangAfterTheHandshakeAreOneFinding(t *testing.T) {
	s := factstest.Healthy(3)
	stuckOutside(s)
	h := s.Host("n1", facts.Last)
	h.Interfaces = append(h.Interfaces, facts.Interface{
		Name: "veth24612442", Kind: "veth", Master: "cni0", MTU: 1450, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("fe80::1/64")},
	})
	r := transfer(s)
	factstest.Expect(t, r, check.Fail, "42 of 45 pairs carry a megabyte both ways"+wholeTransfer,
		"3 of 3 pairs connect, and then get stuck: all from runner (1 MiB over TCP; IPv4; from the runner only); MTU suspected: 0 of 1048576 bytes came back")
	if e := r.Findings[0].Evidence; len(e) != 2 || e[1].Text != "probe pod 1450, eth0 1500, flannel.1 1450, cni0 1450" {
		t.Errorf("%+v", e)
	}
}

func TestWhatMTUPathFoundStandsBesideIt(t *testing.T) {
	s := factstest.Healthy(3)
	stuck(s, "pod>pod/bulk/ipv4@main", "pod/n1", facts.Timeout, 2896, "pod/n2")
	stuck(s, "pod>pod/bulk/ipv4@main", "pod/n2", facts.Timeout, 65536, "pod/n1")
	factstest.Letters(s, "pod>pod/pmtu/ipv4@main", ".T.", "T..", "...")
	r := transfer(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 || !strings.HasSuffix(r.Findings[0].Says, "2,896 to 65,536 of 1048576 bytes came back") {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	found := false
	for _, e := range r.Findings[0].Evidence {
		found = found || e.Source == "mtu/path, pod/n1 → pod/n2" && e.Text == "up to 1400 of 1450 bytes arrive (timeout)"
	}
	if !found {
		t.Errorf("%+v", r.Findings[0].Evidence)
	}
}

// TestAPairWhoseSmallPacketsAreLostHasNoNarrowPath: what a policy of eBPF drops may
// have been connected by a proxy before.
func TestAPairWhoseSmallPacketsAreLostHasNoNarrowPath(t *testing.T) {
	for _, via := range []string{"tcp", "udp"} {
		s := factstest.Healthy(3)
		stuck(s, "pod>pod/bulk/ipv4@main", "pod/n1", facts.Timeout, 0, "pod/n2", "pod/n3")
		factstest.Letters(s, "pod>pod/"+via+"/ipv4@main", ".T.", "...", "...")
		factstest.Expect(t, transfer(s), check.Fail, "43 of 44 pairs carry a megabyte both ways"+wholeTransfer+
			"; 1 not judged here: small packets of the pair are lost, too (see reach/pod-to-pod)",
			"1 of 8 pairs connects, and then gets stuck: only from n1 to n3; the opposite direction is well (1 MiB over TCP; IPv4; from pods only); MTU suspected: 0 of 1048576 bytes came back")
	}
}

func TestAConnectionThatIsNotMadeIsAnotherChecksMatter(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Letters(s, "pod>pod/bulk/ipv4@main", ".T.", "...", "...")
	factstest.Letters(s, "pod>clusterIP/bulk/ipv4@main", ".", "T", ".")
	factstest.Letters(s, "runner>nodePort/bulk/ipv4@main", ".R.")
	factstest.Expect(t, transfer(s), check.Pass, "42 of 42 pairs carry a megabyte both ways"+wholeTransfer+
		"; 1 not judged here: no connection is made at all (see reach/pod-to-pod)"+
		"; 1 not judged here: no connection is made at all (see service/cluster-ip)"+
		"; 1 not judged here: no connection is made at all (see service/node-port)")
}

func TestAConnectionCutOffOrChangedIsToldFromOneThatHangs(t *testing.T) {
	s := factstest.Healthy(3)
	stuck(s, "host>pod/bulk/ipv4@main", "host/n1", facts.Reset, 4096, "pod/n2")
	r := transfer(s)
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Says, "connects, and is cut off in the middle") {
		t.Errorf("%+v", r.Findings)
	}
	s = factstest.Healthy(3)
	stuck(s, "host>pod/bulk/ipv4@main", "host/n1", facts.Garbled, 4096, "pod/n2")
	r = transfer(s)
	if len(r.Findings) != 1 || strings.Contains(r.Findings[0].Says, "MTU") || !strings.Contains(r.Findings[0].Remedy[0].Command, "ethtool -K") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestWithoutHostsTransfersOfPodsAreJudged(t *testing.T) {
	s := factstest.Healthy(3)
	s.Run.Unprivileged, s.Hosts = true, nil
	factstest.Keep(s, "pod>", "runner>")
	stuck(s, "pod>pod/bulk/ipv4@main", "pod/n1", facts.Timeout, 0, "pod/n2")
	r := transfer(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 || len(r.Findings[0].Evidence) < 3 {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}
