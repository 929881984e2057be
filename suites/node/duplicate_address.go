package node

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed duplicate_address.md
var duplicateAddressDoc string

// DuplicateAddress promises that every node is there once.
func DuplicateAddress() check.Check {
	return check.Check{
		ID:       "node/duplicate-address",
		Promise:  "ARP for every InternalIP is answered by exactly one MAC, the owner's, and no two nodes share an address, a MAC, a machine-id or a product UUID.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      duplicateAddressDoc,
		Ask:      arpFlows,
		Evaluate: duplicateAddress,
	}
}

// arpFlows: IPv6 has duplicate address detection of its own (RFC 4862).
func arpFlows(scope check.Scope) []facts.Flow {
	if !slices.Contains(scope.Families, facts.IPv4) {
		return nil
	}
	return []facts.Flow{{From: facts.FromHost, To: facts.ToHost, Via: facts.ARP, Family: facts.IPv4, Look: facts.Main}}
}

func duplicateAddress(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	var faults []peering.Fault
	for _, f := range arpFlows(check.ScopeOf(s)) {
		faults = append(faults, whoAnswers(s, f)...)
	}
	findings := append(peering.Fold(faults), twins(s)...)
	if len(s.Selected()) == 1 && len(findings) == 0 {
		return check.Skipf("one node is under test, so there is no other to be mistaken for it")
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes have an address, a MAC and an identity of their own%s",
		check.Clean(s.Selected(), findings), len(s.Selected()), withoutARP(s)), findings)
}

func withoutARP(s *facts.Snapshot) string {
	if len(arpFlows(check.ScopeOf(s))) == 0 {
		return "; the cluster has IPv6 only, where the kernel itself looks for duplicates"
	}
	return ""
}

// whoAnswers judges the MACs that were heard for each node's address.
func whoAnswers(s *facts.Snapshot, flow facts.Flow) []peering.Fault {
	m := s.Matrix(flow)
	if m == nil || m.NotRun != "" {
		if len(s.Selected()) == 1 {
			return nil
		}
		why := "nobody was asked by ARP for the nodes' addresses"
		if m != nil {
			why += ": " + m.NotRun
		}
		return []peering.Fault{{Node: s.Selected()[0].Name, Kind: "unasked", Verdict: check.Unknown, Says: why}}
	}
	heard := make([]map[string][]string, len(m.Targets)) // by target: MAC to those that heard it
	var out []peering.Fault
	any, onLink, note := 0, 0, ""
	for _, row := range m.Rows {
		if row.NotRun != "" {
			out = append(out, peering.Fault{Node: row.From.Node, Kind: row.NotRun, Verdict: check.Unknown, Says: "this host did not ask by ARP: " + row.NotRun})
			continue
		}
		for i := range m.Targets {
			if m.Targets[i].Node != row.From.Node && linked(s, row.From.Node, m.Targets[i].Addr) {
				onLink++
			}
			d := row.Detail(i)
			if d == nil {
				continue
			}
			if len(d.Attempts) > 0 && row.Cells[i].Outcome == facts.NotRun {
				note = ": " + d.Attempts[0].Note
			}
			for _, mac := range d.Met {
				any++
				if heard[i] == nil {
					heard[i] = map[string][]string{}
				}
				mac = strings.ToLower(mac)
				heard[i][mac] = append(heard[i][mac], row.From.Node)
			}
		}
	}
	if any == 0 && onLink > 0 && len(out) == 0 {
		return []peering.Fault{{Node: s.Selected()[0].Name, Kind: "unheard", Verdict: check.Unknown, Says: "nobody answered ARP for any node's address, though nodes share a segment" + note}}
	}
	for i, t := range m.Targets {
		if f, bad := claimed(s, t, heard, i); bad {
			out = append(out, f)
		}
	}
	return out
}

// linked says whether a node has an address on its own network.
func linked(s *facts.Snapshot, node string, a netip.Addr) bool {
	h, why := dataplane.Seen(s, node)
	return why == "" && slices.ContainsFunc(h.Interfaces, func(i facts.Interface) bool {
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Contains(a) })
	})
}
