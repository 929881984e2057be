package netfilter

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Ruleset is every chain of a host, of all tools, and nft's maps with verdicts.
type Ruleset struct {
	Chains []Chain
	Maps   []Map
}

// Chain is a chain of one table.
type Chain struct {
	// Tool is the dump it was read from (facts.Dump.Tool).
	Tool string `json:"tool"`
	// Family is nft's word: ip, ip6, inet, arp, bridge, netdev.
	Family string `json:"family"`
	Table  string `json:"table"`
	Name   string `json:"name"`
	// Hook is where the kernel calls a base chain; empty for all others.
	Hook string `json:"hook,omitempty"`
	// Type is filter, nat or route (base chains only).
	Type     string `json:"type,omitempty"`
	Priority int    `json:"priority,omitempty"`
	// Devices limits a base chain of the netdev family.
	Devices []string `json:"devices,omitempty"`
	// DropPolicy: a packet that leaves the end of this base chain is dropped.
	DropPolicy bool `json:"dropPolicy,omitempty"`
	// Policy counts the packets that left the end of a base chain, where the dump
	// tells. iptables-nft-save prints zeros always: it counts none.
	Policy *Counter `json:"policy,omitempty"`
	Rules  []Rule   `json:"rules,omitempty"`
}

// Rule is one rule.
type Rule struct {
	// Position in its chain, from 1, as `iptables -L --line-numbers` counts.
	Position int `json:"position"`
	// Handle is nft's number for the rule; 0 in iptables.
	Handle int `json:"handle,omitempty"`
	// Text is the rule as `iptables -S` prints it, or in nft's own language.
	Text string `json:"text"`
	// Count is what the rule has counted; nil where the dump has no counter of it.
	Count   *Counter `json:"count,omitempty"`
	Matches []Match  `json:"matches,omitempty"`
	// Mark is set where the rule changes the packet's mark.
	Mark *MarkChange `json:"mark,omitempty"`
	// To are the places a DNAT sends packets to, one of which it takes; none for
	// all others and for ranges.
	To []netip.AddrPort `json:"to,omitempty"`
	// Verdicts are the targets of nft's verdict map within a rule, MapName the map it
	// looks up where that stands elsewhere.
	Verdicts []Target `json:"verdicts,omitempty"`
	MapName  string   `json:"mapName,omitempty"`
	Target   Target   `json:"target"`
}

// Counter is how much a rule or a policy has met since it was made.
type Counter struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Map is one of nft's maps from a key to a verdict.
type Map struct {
	Family, Table, Name string
	Elems               []MapElem
}

// MapElem is one entry; Key has one word per part ("10.96.0.10", "udp", "53").
type MapElem struct {
	Key    []string
	Target Target
}

// MarkChange is the new mark: (mark &^ Mask) ^ Value, or not known at all.
type MarkChange struct {
	Known bool   `json:"known"`
	Value uint32 `json:"value,omitempty"`
	Mask  uint32 `json:"mask,omitempty"`
}

// TargetKind says what a rule does with a packet that matches.
type TargetKind string

// The kinds of target. The zero value is one that is not understood.
const (
	Opaque   TargetKind = ""
	Continue TargetKind = "continue" // the next rule is asked
	Accept   TargetKind = "accept"   // this base chain is done with
	Drop     TargetKind = "drop"     // dropped, or rejected with an answer
	Return   TargetKind = "return"   // back to the calling chain
	Jump     TargetKind = "jump"
	Goto     TargetKind = "goto"
	Queue    TargetKind = "queue" // a program decides
)

// Target is what a rule does.
type Target struct {
	Kind TargetKind `json:"kind"`
	// Name is the chain of a jump or goto, otherwise the target's own name.
	Name string `json:"name,omitempty"`
	// Reject: a Drop that answers the sender.
	Reject bool `json:"reject,omitempty"`
}

// Load parses every dump that was taken. Tables which iptables-nft-save listed
// are not taken from nft a second time: nft shows them without their
// extensions. Errors name the tool, and the line where there is one; what the
// other dumps said is kept.
func Load(dumps []facts.Dump) (Ruleset, []facts.Error) {
	var rs Ruleset
	var errs []facts.Error
	covered := map[string]bool{}
	for _, d := range dumps {
		if d.Tool == nftTool || d.NotRun != "" {
			continue
		}
		chains, err := ParseSave(d.Tool, d.Text)
		if err != nil {
			errs = append(errs, facts.Error{What: d.Tool, Says: err.Error()})
		}
		for _, c := range chains {
			if c.Tool == "iptables-nft-save" || c.Tool == "ip6tables-nft-save" {
				covered[c.Family+" "+c.Table] = true
			}
		}
		rs.Chains = append(rs.Chains, chains...)
	}
	for _, d := range dumps {
		if d.Tool != nftTool || d.NotRun != "" {
			continue
		}
		chains, maps, err := ParseNft(d.Text, covered)
		if err != nil {
			errs = append(errs, facts.Error{What: d.Tool, Says: err.Error()})
		}
		rs.Maps = append(rs.Maps, maps...)
		rs.Chains = append(rs.Chains, chains...)
	}
	return rs, errs
}

// nftTool is the dump whose format is nft's JSON (libnftables-json(5)).
const nftTool = "nft"
