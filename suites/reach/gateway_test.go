package reach_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/reach"
)

const gateways = "host>gateway/icmp/ipv4@main"

// noBridge takes the bridge away from a node's last look.
func noBridge(s *facts.Snapshot, node string) {
	h := s.Host(node, facts.Last)
	h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "cni0" })
}

func TestANodeWhoseTunnelIsDeadIsNamedByItsGateway(t *testing.T) {
	r := reach.Gateway().Evaluate(snapshot(spoil{gateways, []string{"..T", "..T", "TT."}}))
	factstest.Expect(t, r, check.Fail, "5 of 9 pairs answer (ICMP; IPv4)",
		"4 of 9 pairs time out: all between n3 and other nodes (ICMP; IPv4)")
	steps := r.Findings[0].Remedy
	if last := steps[len(steps)-1]; !strings.HasPrefix(last.Command, "ping ") || last.Node == "" {
		t.Errorf("%+v", last)
	}
}

func TestANodeDoesNotAnswerAtItsOwnBridge(t *testing.T) {
	r := reach.Gateway().Evaluate(snapshot(spoil{gateways, []string{"...", ".U.", "..."}}))
	factstest.Expect(t, r, check.Fail, "8 of 9 pairs answer (ICMP; IPv4)", "1 of 9 pairs is unreachable: within n2 (ICMP; IPv4)")
}

func TestAGatewayThatNoInterfaceHasIsSetAside(t *testing.T) {
	s := snapshot(spoil{gateways, []string{".T.", ".T.", ".T."}})
	noBridge(s, "n2")
	factstest.Expect(t, reach.Gateway().Evaluate(s), check.Pass, "6 of 6 pairs answer (ICMP; IPv4); 3 not judged here: "+
		"no interface of the receiver has that address at the last look (not a bridge CNI, no pod ever ran there, or the address is still tentative)")
}

// TestAnAddressAloneIsNoGateway: cilium_host may hold the first address of the pod CIDR,
// and programs of eBPF drop what is for it, which the sender's own kernel tells.
func TestAnAddressAloneIsNoGateway(t *testing.T) {
	alone := func(s *facts.Snapshot, node string) {
		for i, iface := range s.Host(node, facts.Last).Interfaces {
			if iface.Name == "cni0" {
				a := iface.Addrs[0].Addr()
				s.Host(node, facts.Last).Interfaces[i].Addrs = []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}
			}
		}
	}
	s := snapshot(spoil{gateways, []string{".U.", ".T.", ".U."}})
	alone(s, "n2")
	factstest.Expect(t, reach.Gateway().Evaluate(s), check.Pass, "6 of 6 pairs answer (ICMP; IPv4); 3 not judged here: "+
		"no interface of the receiver has that address at the last look (not a bridge CNI, no pod ever ran there, or the address is still tentative)")
	for _, n := range s.Nodes {
		alone(s, n.Name)
	}
	factstest.Expect(t, reach.Gateway().Evaluate(s), check.Skip, "no node has a bridge with the first address of its pod CIDR: the CNI uses none")
}

func TestAGatewayIsUnknownWhereTheReceiverWasNotLookedAt(t *testing.T) {
	s := snapshot(spoil{gateways, []string{".T.", ".T.", ".T."}})
	*s.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
	const why = "3 pairs not run: whether the receiver's bridge has that address was not seen, for its last look is missing (from hosts; ICMP; IPv4)"
	factstest.Expect(t, reach.Gateway().Evaluate(s), check.Unknown, why, why)
}

func TestClustersWithoutSuchGatewaysAreSkipped(t *testing.T) {
	routed := snapshot()
	for _, n := range routed.Nodes {
		noBridge(routed, n.Name)
	}
	pools := snapshot()
	for i := range pools.Nodes {
		pools.Nodes[i].PodCIDRs = nil
	}
	unprivileged := snapshot()
	unprivileged.Run.Unprivileged, unprivileged.Hosts = true, nil
	for want, s := range map[string]*facts.Snapshot{"no node has a bridge": routed, "a way of its own": pools, "--unprivileged": unprivileged} {
		if r := reach.Gateway().Evaluate(s); r.Verdict != check.Skip || !strings.Contains(r.Why, want) {
			t.Errorf("%s: %s: %s", want, r.Verdict, r.Why)
		}
	}
}

func TestANodeWithoutAPodCIDRAmongOthersIsToldAsNotProbed(t *testing.T) {
	s := snapshot()
	s.Node("n2").PodCIDRs = []netip.Prefix{}
	m := s.Matrix(factstest.Flow(gateways))
	m.Targets = slices.Delete(m.Targets, 1, 2)
	for i := range m.Rows {
		m.Rows[i].Cells = slices.Delete(m.Rows[i].Cells, 1, 2)
	}
	factstest.Expect(t, reach.Gateway().Evaluate(s), check.Unknown, "n2 was not probed: it has no pod CIDR of IPv4", "n2 was not probed: it has no pod CIDR of IPv4")
}
