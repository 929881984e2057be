package diagnose

import (
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
		{id: "cni-agent-unwell", checks: []string{"component/cni"}},
		{id: "cni-config-differs", checks: []string{"component/cni-config"}, also: []string{"node/uniform"}},
		{id: "dns-replica-missing", checks: []string{"component/dns"}, also: []string{"dns/spread"}},
		{id: "tunnel-checksum", checks: []string{"overlay/checksum"}, parts: []string{"tunnel", "nic"}},
	})
}

// strangers are programs and rules on a host that are not the cluster's; they are
// asked last, as a rule that really drops something is named before.
func strangers() []cause {
	return causesOf([]stated{
		{
			id: "foreign-chains", checks: []string{"firewall/services", "firewall/chains"},
			grounds: "the chains were read on the host; none of their rules was seen to drop a packet of the suite",
		},
		{
			id: "security-software", checks: []string{"firewall/security-software"},
			grounds: "the process was seen in the host's list; whether it drops anything was not seen",
		},
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

// ownResolver matches what pods of a node ask by way of their own resolv.conf:
// the probes of the cluster DNS are sent to its address, whatever is written there.
func ownResolver(_ *input, node, _ string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.To == facts.ToEgress && fromPod(f) && from.Node == node && to.Name != ""
	}
}
