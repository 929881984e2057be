package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// settings are causes that lie in what a host is told to do: its files, its
// firewalls, its routes. Most of them break nothing yet.
func settings() []cause {
	return causesOf([]stated{
		{
			id: "forwarding-off-at-boot", checks: []string{ipForwardBoot},
			grounds: "the file that decides was read, in the order in which sysctl --system reads them",
		},
		{
			id: "mixed-backends", checks: []string{"firewall/backends"},
			grounds: "the rules of both were read",
		},
		{
			id: "service-cidr-route", checks: []string{"route/conflict"}, holds: saying("service CIDR"), also: []string{"route/lookup"},
			shows: services, leaves: turnedAway, grounds: "the route was read on the host",
		},
		{
			id: "pod-cidr-route", checks: []string{"route/conflict"}, holds: saying("pod CIDR"), also: []string{"route/lookup"},
			shows: tunnelled, leaves: turnedAway, grounds: "the route was read on the host",
		},
		{
			id: "wrong-resolver", checks: []string{"dns/resolv-conf"}, also: []string{"dns/startup"},
			shows: ownResolver, leaves: anyhow, grounds: "resolv.conf was read in a pod of the node",
		},
		{id: "address-mismatch", checks: []string{"node/address"}},
		{id: "pod-cidr-overlap", checks: []string{"node/pod-cidr"}, holds: saying("overlaps"), shows: intoPods, leaves: anyhow},
		{id: cniAgentUnwell, checks: []string{cniAgent}},
		{id: "cni-config-differs", checks: []string{"component/cni-config"}, also: []string{"node/uniform"}},
		{id: "dns-replica-missing", checks: []string{"component/dns"}, also: []string{"dns/spread"}},
		{id: "tunnel-checksum", checks: []string{"overlay/checksum"}, holds: withoutLoss, parts: []string{partTunnel, partNIC}},
	})
}

func causesOf(all []stated) []cause {
	out := make([]cause, 0, len(all))
	for _, s := range all {
		out = append(out, s.cause())
	}
	return out
}

// saying picks findings by words of their own sentence.
func saying(words string) func(*input, check.Finding) bool {
	return func(_ *input, f check.Finding) bool { return strings.Contains(f.Says, words) }
}

// withoutLoss: an answer that comes a second late, because its question was sent
// again, tells of checksums only where nothing else is known to lose packets.
func withoutLoss(in *input, f check.Finding) bool {
	if !strings.Contains(f.Says, "was sent again") {
		return true
	}
	for _, j := range in.judged {
		for i, other := range j.Result.Findings {
			if other.Verdict == check.Fail && in.explained[findingID{j.ID, i}] && len(other.Pairs) > 0 && shareNode(other.Nodes, f.Nodes) {
				return false
			}
		}
	}
	return true
}

func shareNode(a, b []string) bool {
	return slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) })
}

// ownResolver matches what pods of a node ask by way of their own resolv.conf:
// the probes of the cluster DNS are sent to its address, whatever is written there.
func ownResolver(_ *input, node, _ string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.To == facts.ToEgress && fromPod(f) && from.Node == node && to.Name != ""
	}
}
