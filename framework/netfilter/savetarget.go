package netfilter

import "net/netip"

// Targets that are no chains (iptables-extensions(8)). What is in neither list is opaque.
var (
	passing = []string{
		"LOG", "NFLOG", "ULOG", "TCPMSS", "CLASSIFY", "CT", "TRACE", "AUDIT", "SECMARK", "CONNSECMARK", "DSCP", "TOS", "TTL",
		"HL", "CHECKSUM", "SET", "RATEEST", "TEE", "HMARK", "IDLETIMER", "LED", "ECN", "TCPOPTSTRIP", "NOTRACK", "FLOWOFFLOAD",
	}
	ending = []string{"ACCEPT", "MASQUERADE", "SNAT", "DNAT", "REDIRECT", "NETMAP", "TPROXY"}
)

func readTarget(r *Rule, jump option, rest []option, isChain func(string) bool) {
	name := jump.values[0]
	t := Target{Name: name}
	switch {
	case isChain(name):
		t.Kind = Jump
		if jump.name == "-g" || jump.name == "--goto" {
			t.Kind = Goto
		}
	case name == "DROP", name == "REJECT", name == "TARPIT":
		t.Kind, t.Reject = Drop, name == "REJECT"
	case name == "RETURN":
		t.Kind = Return
	case name == "QUEUE", name == "NFQUEUE":
		t.Kind = Queue
	case name == "DNAT":
		t.Kind, r.To = Accept, translation(rest)
	case name == "MARK":
		t.Kind, r.Mark = Continue, markChange(rest)
	case name == "CONNMARK":
		t.Kind, r.Mark = Continue, connmarkChange(rest)
	case isOne(passing, name) == Yes:
		t.Kind = Continue
	case isOne(ending, name) == Yes:
		t.Kind = Accept
	}
	r.Target = t
}

// translation is the one address and port of --to-destination; a range, or a
// translation of the port alone, gives none.
func translation(rest []option) []netip.AddrPort {
	for _, o := range rest {
		if o.name == "--to-destination" && len(o.values) == 1 {
			to, err := netip.ParseAddrPort(o.values[0])
			if err == nil {
				return []netip.AddrPort{to}
			}
		}
	}
	return nil
}

func markChange(rest []option) *MarkChange {
	for _, o := range rest {
		if o.name == "--set-xmark" && len(o.values) == 1 {
			if v, mask, err := valueMask(o.values[0]); err == nil {
				return &MarkChange{Known: true, Value: v, Mask: mask}
			}
		}
	}
	return &MarkChange{}
}

// connmarkChange: only --restore-mark touches the packet's own mark.
func connmarkChange(rest []option) *MarkChange {
	for _, o := range rest {
		if o.name == "--restore-mark" {
			return &MarkChange{}
		}
	}
	return nil
}
