package netfilter

import (
	"encoding/json"
	"slices"
	"strings"
)

// ruleBuilder turns a rule's statements into matches and a target.
type ruleBuilder struct {
	rule  *Rule
	sets  map[string][]json.RawMessage
	scope string // "family table " of the rule, for its sets
}

func (b *ruleBuilder) add(m Match)         { b.rule.Matches = append(b.rule.Matches, m) }
func (b *ruleBuilder) target(k TargetKind) { b.rule.Target = Target{Kind: k} }

func (b *ruleBuilder) statement(name string, body json.RawMessage) {
	switch name {
	case "match":
		b.match(body)
	case "counter":
		var c Counter
		if json.Unmarshal(body, &c) == nil { // a named counter is only a word here
			b.rule.Count = &c
		}
	case "dnat":
		b.target(Accept)
		b.rule.Target.Name, b.rule.To = name, nftTranslation(body)
	case "masquerade", "snat":
		b.target(Accept)
		b.rule.Target.Name = name
	case "accept", "redirect", "tproxy":
		b.target(Accept)
	case "drop":
		b.target(Drop)
	case "reject":
		b.reject(body)
	case "return":
		b.target(Return)
	case "queue":
		b.target(Queue)
	case "jump", "goto":
		var to struct{ Target string }
		if json.Unmarshal(body, &to) == nil {
			b.rule.Target = Target{Kind: TargetKind(name), Name: to.Target}
		}
	case "mangle":
		b.mangle(body)
	case "xt":
		b.extension(body)
	case "log", "continue", "notrack", "flow", "ct helper", "ct timeout", "ct expectation", "last", "dup", "secmark":
	case "vmap":
		b.target(Opaque)
		b.rule.Verdicts, b.rule.MapName = verdictMap(body)
	case "fwd", "synproxy":
		b.target(Opaque)
	default: // limit, quota, meter, set, map: they may or may not let the packet on
		b.add(Match{Text: name})
	}
}

// reject's kind of answer implies what it answers: nft leaves that match out of its listing.
func (b *ruleBuilder) reject(body json.RawMessage) {
	var r struct{ Type string }
	if json.Unmarshal(body, &r) != nil {
		r.Type = ""
	}
	switch r.Type {
	case "icmp":
		b.add(Match{Kind: IPFamily, Words: []string{"ipv4"}})
	case "icmpv6":
		b.add(Match{Kind: IPFamily, Words: []string{"ipv6"}})
	case "tcp reset":
		b.add(Match{Kind: Protocol, Words: []string{"tcp"}})
	}
	b.rule.Target = Target{Kind: Drop, Reject: true}
}

// extension is an iptables extension, of which nft tells the name only.
func (b *ruleBuilder) extension(body json.RawMessage) {
	var x struct{ Type, Name string }
	if json.Unmarshal(body, &x) != nil || x.Type != "target" {
		b.add(Match{Text: "xt " + x.Name})
		return
	}
	readTarget(b.rule, option{name: "-j", values: []string{x.Name}}, nil, func(string) bool { return false })
}

func (b *ruleBuilder) match(body json.RawMessage) {
	var m struct {
		Op    string
		Left  json.RawMessage
		Right json.RawMessage
	}
	if json.Unmarshal(body, &m) != nil || !slices.Contains([]string{"==", "in", "!="}, m.Op) {
		b.add(Match{Text: matchText(body)})
		return
	}
	got := Match{Not: m.Op == "!=", Text: matchText(body)}
	words, known := b.values(m.Right)
	if name, left, err := single(m.Left); err == nil && known {
		b.imply(name, left)
		b.left(&got, name, left, words)
	}
	b.add(got)
}

// imply adds the condition that nft leaves out because the match stands for it:
// `ip saddr` is for IPv4 only, `tcp dport` for TCP only.
func (b *ruleBuilder) imply(name string, left json.RawMessage) {
	var f struct{ Protocol string }
	if name != "payload" || json.Unmarshal(left, &f) != nil {
		return
	}
	switch f.Protocol {
	case "ip", "icmp":
		b.add(Match{Kind: IPFamily, Words: []string{"ipv4"}})
	case "ip6", "icmpv6":
		b.add(Match{Kind: IPFamily, Words: []string{"ipv6"}})
	case "tcp", "udp", "sctp", "dccp", "udplite":
		b.add(Match{Kind: Protocol, Words: []string{f.Protocol}})
	}
	if strings.HasPrefix(f.Protocol, "icmp") {
		b.add(Match{Kind: Protocol, Words: []string{"icmp"}})
	}
}

// nftKinds names what is understood: kind of expression, and its key, field or result.
func nftKinds() map[string]MatchKind {
	return map[string]MatchKind{
		"meta iifname": InInterface, "meta iif": InInterface, "meta oifname": OutIface, "meta oif": OutIface,
		"meta l4proto": Protocol, "payload protocol": Protocol, "payload nexthdr": Protocol,
		"meta nfproto": IPFamily, "meta protocol": IPFamily, "meta mark": Mark,
		"payload saddr": Source, "payload daddr": Destination, "ct state": CTState, "ct status": CTState, "fib type": AddrType,
		"payload type": ICMPType, "payload dport": DestPort, "payload sport": SourcePort,
	}
}

// left says what a match looks at; m stays Unread where that is not understood.
func (b *ruleBuilder) left(m *Match, name string, left json.RawMessage, words []string) {
	var f struct {
		Key, Protocol, Field, Result string
		Flags                        json.RawMessage
	}
	if name == "&" {
		maskedMark(m, left, words)
		return
	}
	if json.Unmarshal(left, &f) != nil {
		return
	}
	kind := nftKinds()[name+" "+f.Key+f.Field+f.Result]
	if f.Protocol == "ether" { // whose type is the protocol above it
		kind = map[string]MatchKind{"type": IPFamily}[f.Field]
	}
	switch kind {
	case Source, Destination:
		for _, w := range words {
			p, err := parsePrefix(w)
			if err != nil {
				return
			}
			m.Prefixes = append(m.Prefixes, p)
		}
	case Protocol, IPFamily, ICMPType:
		for i, w := range words {
			words[i] = plainWord(kind, w)
		}
	case Mark:
		markIs(m, 0xffffffff, words)
		return
	case CTState:
		// Of the states in "ct status" only address translation is known not to be there.
		if f.Key == "status" && slices.ContainsFunc(words, func(w string) bool { return w != "dnat" && w != "snat" }) {
			return
		}
	case DestPort, SourcePort:
		m.Kind, m.Ports = portMatch(kind, words, "-")
		return
	case AddrType:
		if strings.Contains(string(f.Flags), `"saddr"`) {
			kind = SourceType
		}
	case Unread, Always, InInterface, OutIface, SourceType:
	}
	m.Kind = kind
	if kind != Source && kind != Destination {
		m.Words = words
	}
}

// plainWord gives a value the word that packets are compared by, whatever
// number or other name the tool printed.
func plainWord(kind MatchKind, word string) string {
	switch kind {
	case Protocol:
		if _, one := protocolMatch(word); len(one) == 1 {
			return one[0]
		}
		return word
	case IPFamily:
		return map[string]string{"ip": "ipv4", "ip6": "ipv6", "ipv4": "ipv4", "ipv6": "ipv6"}[word]
	default:
		return icmpWord(word)
	}
}
