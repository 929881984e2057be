package path_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
)

// routedPods is the cluster with pods on links of their own (lxc1 to lxc3) in place of a bridge.
func routedPods() *facts.Snapshot {
	s := cluster()
	for i := range s.Hosts {
		h := &s.Hosts[i]
		bridge := func(dev string) bool { return dev == "cni0" || strings.HasPrefix(dev, "veth") }
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(x facts.Interface) bool { return bridge(x.Name) })
		h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return bridge(r.Dev) })
		h.FDB = slices.DeleteFunc(h.FDB, func(e facts.FDBEntry) bool { return bridge(e.Dev) })
		dev := "lxc" + h.Node[1:]
		h.Interfaces = append(h.Interfaces, facts.Interface{Name: dev, Index: 9, Kind: "veth", MTU: 1450, Up: true})
		pod := s.Node(h.Node).PodAgent.Addrs[0]
		h.Routes = append(h.Routes, facts.Route{Dst: netip.PrefixFrom(pod, 32), Dev: dev, Type: "unicast", Table: 254, Family: facts.IPv4})
	}
	return s
}

const (
	redirectedSYN = "1000 n1 >lxc1 flannel.1> eth0>* n3 >eth0* >flannel.1 : tcp 10.244.1.2:43210 10.244.3.2:40001 SYN seq=7 len=60"
	redirectedACK = "2000 n3 >lxc3 flannel.1> eth0>* n1 >eth0* >flannel.1 : tcp 10.244.3.2:40001 10.244.1.2:43210 SYN ACK seq=9 ack=8 len=60"
)

// TestAPodsPortThatPacketsAreLedPastIsNoGap: with bpf_redirect_peer no packet to a
// pod passes the host's end of its link.
func TestAPodsPortThatPacketsAreLedPastIsNoGap(t *testing.T) {
	flow := func(lines ...string) facts.Trace {
		return trace("pod/n1", "pod>pod/tcp/ipv4@main", "pod/n3 10.244.3.2:40001", lines...)
	}
	for name, tc := range map[string]struct {
		trace   facts.Trace
		cluster *facts.Snapshot
		outcome path.Outcome
		place   string
	}{
		"it came through":              {answered(flow(redirectedSYN, redirectedACK)), routedPods(), path.Whole, ""},
		"the pod never got it":         {flow(redirectedSYN), routedPods(), path.Vanished, "receiver-host at n3"},
		"its answer vanished":          {flow(redirectedSYN, strings.Replace(redirectedACK, " n1 >eth0* >flannel.1", " n1", 1)), routedPods(), path.Vanished, "answer-wire from n3 to n1"},
		"on a bridge the port is seen": {flow(strings.ReplaceAll(redirectedSYN, "lxc", "veth")), cluster(), path.Vanished, "receiver-host at n3"},
	} {
		t.Run(name, func(t *testing.T) {
			p := path.Build(tc.cluster, tc.trace)
			if p.Verdict.Outcome != tc.outcome || p.Verdict.Place.String() != tc.place {
				t.Errorf("got %q, %q: %s", p.Verdict.Outcome, p.Verdict.Place, p.Verdict.Says)
			}
			if drawing := path.Draw(p); (tc.outcome == path.Whole) == strings.Contains(drawing, "✗") {
				t.Errorf("%s", drawing)
			}
		})
	}
}
