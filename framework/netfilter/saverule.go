package netfilter

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// option is one option of a rule with its values.
type option struct {
	not    bool
	name   string
	values []string
}

func (o option) text() string {
	s := strings.Join(append([]string{o.name}, o.values...), " ")
	if o.not {
		return "! " + s
	}
	return s
}

// options groups words; `!` belongs to the option that follows it.
func options(words []token) ([]option, error) {
	var out []option
	not := false
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case !w.quoted && w.text == "!":
			not = true
		case !w.quoted && strings.HasPrefix(w.text, "-") && w.text != "-":
			o := option{not: not, name: w.text}
			if w.text == "--comment" && i+1 < len(words) { // may begin with a dash
				i++
				o.values = append(o.values, words[i].text)
			}
			out, not = append(out, o), false
		case len(out) == 0:
			return nil, fmt.Errorf("%.40q where an option is expected", w.text)
		default:
			// Old tools print the ! behind the option.
			last := &out[len(out)-1]
			last.not, not = last.not || not, false
			last.values = append(last.values, w.text)
		}
	}
	return out, nil
}

func readRule(r *Rule, words []token, isChain func(string) bool) error {
	opts, err := options(words)
	if err != nil {
		return err
	}
	r.Target = Target{Kind: Continue}
	module := ""
	for i, o := range opts {
		switch o.name {
		case "-j", "--jump", "-g", "--goto":
			if len(o.values) == 0 {
				return fmt.Errorf("%s without a target", o.name)
			}
			readTarget(r, o, opts[i+1:], isChain)
			return nil
		case "-m", "--match":
			module = strings.Join(o.values, " ")
			if m, extra := moduleAlone(o); extra {
				r.Matches = append(r.Matches, m)
			}
		case "--comment", "--nfacct-name": // notes and accounting: they always match
		case "--mark":
			if module != "mark" { // connmark has an option of the same name
				o.name = module + " " + o.name
			}
			r.Matches = append(r.Matches, readMatch(o))
		default:
			r.Matches = append(r.Matches, readMatch(o))
		}
	}
	return nil
}

// moduleAlone judges modules that decide without any option of their own.
func moduleAlone(o option) (Match, bool) {
	known := []string{
		"comment", "nfacct", "conntrack", "state", "mark", "addrtype", "tcp", "udp", "icmp", "icmp6", "ipv6-icmp", "multiport",
	}
	if len(o.values) == 1 && slices.Contains(known, o.values[0]) {
		return Match{}, false
	}
	return Match{Kind: Unread, Text: o.text()}, true
}

func readMatch(o option) Match {
	m := Match{Not: o.not, Text: o.text()}
	if len(o.values) != 1 {
		return m
	}
	value := o.values[0]
	switch o.name {
	case "-s":
		m.Kind, m.Prefixes = addressMatch(Source, value)
	case "-d":
		m.Kind, m.Prefixes = addressMatch(Destination, value)
	case "-i":
		m.Kind, m.Words = InInterface, []string{value}
	case "-o":
		m.Kind, m.Words = OutIface, []string{value}
	case "-p":
		m.Kind, m.Words = protocolMatch(value)
	case "--ctstate", "--state":
		m.Kind, m.Words = CTState, strings.Split(strings.ToLower(value), ",")
	case "--dport", "--dports":
		m.Kind, m.Ports = portMatch(DestPort, strings.Split(value, ","), ":")
	case "--sport", "--sports":
		m.Kind, m.Ports = portMatch(SourcePort, strings.Split(value, ","), ":")
	case "--src-type":
		m.Kind, m.Words = SourceType, strings.Split(strings.ToLower(value), ",")
	case "--dst-type":
		m.Kind, m.Words = AddrType, strings.Split(strings.ToLower(value), ",")
	case "--icmp-type", "--icmpv6-type":
		m.Kind, m.Words = ICMPType, []string{icmpWord(value)}
	case "--mark":
		v, mask, err := valueMask(value)
		if err == nil {
			m.Kind, m.Value, m.Mask = Mark, v, mask
		}
	}
	return m
}

func addressMatch(kind MatchKind, value string) (MatchKind, []netip.Prefix) {
	p, err := parsePrefix(value)
	if err != nil {
		return Unread, nil // a mask with holes
	}
	return kind, []netip.Prefix{p}
}

func parsePrefix(value string) (netip.Prefix, error) {
	if !strings.Contains(value, "/") {
		a, err := netip.ParseAddr(value)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("reading an address: %w", err)
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("reading a prefix: %w", err)
	}
	return p.Masked(), nil
}

func protocolMatch(value string) (MatchKind, []string) {
	switch value {
	case "all", "0":
		return Always, nil
	case "6":
		value = "tcp"
	case "17":
		value = "udp"
	case "1", "58", "ipv6-icmp", "icmpv6":
		value = "icmp"
	}
	return Protocol, []string{value}
}

// icmpWord names the types an echo request is told by; others stay as they are.
func icmpWord(value string) string {
	switch value {
	case "8", "128", "8/0", "128/0", "any", "255", "echo-request":
		return "echo-request"
	default:
		return value
	}
}

func valueMask(text string) (value, mask uint32, err error) {
	v, m, has := strings.Cut(text, "/")
	n, err := strconv.ParseUint(v, 0, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("reading a mark: %w", err)
	}
	if !has {
		return uint32(n), 0xffffffff, nil
	}
	k, err := strconv.ParseUint(m, 0, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("reading a mark's mask: %w", err)
	}
	return uint32(n), uint32(k), nil
}
