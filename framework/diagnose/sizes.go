package diagnose

import (
	"github.com/plumbline-net/plumbline/framework/check"
)

// unevenMTU is one node with another MTU than the fleet, where senders are told:
// nothing vanishes, but what reaches the size is sent twice, and some answers
// never reach the one who sends.
func unevenMTU() stated {
	return stated{
		id: "uneven-mtu", checks: []string{"mtu/uniform", "mtu/overlay", "mtu/path"},
		holds: func(in *input, f check.Finding) bool { return f.Verdict == check.Warn && in.oddMTU(f) },
		also:  []string{"service/large-transfer", "dns/metrics", "dns/truncation"},
		steps: ofFirst(func(f located) bool { return f.check == "mtu/uniform" }),
		shows: passing, leaves: sized, grounds: "the MTUs of all nodes were read",
	}
}

// oddMTU says whether all the nodes of a finding are among those whose interfaces
// differ from the fleet's, or do not fit one another.
func (in *input) oddMTU(f check.Finding) bool {
	var odd []string
	for _, id := range []string{"mtu/uniform", "mtu/overlay"} {
		for _, o := range in.found(id, check.Warn, check.Fail) {
			odd = append(odd, o.Nodes...)
		}
	}
	return sameNodes(f, odd)
}
