package inspect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readRules lists the policy routing rules of both families. The dump is read
// here, because netlink.RuleList leaves out the action, and a rule that ends in
// "unreachable" is not one that looks up table 0.
func readRules(context.Context) (func(*facts.HostLook), error) {
	var out []facts.Rule
	var problems []error
	for _, family := range []facts.Family{facts.IPv4, facts.IPv6} {
		messages, err := dumped(func() ([][]byte, error) {
			request := nl.NewNetlinkRequest(unix.RTM_GETRULE, unix.NLM_F_DUMP)
			request.AddData(nl.NewIfInfomsg(families()[family]))
			return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWRULE)
		})
		// A kernel without IPv6, or without policy routing, has no rules to list.
		if err != nil && !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EOPNOTSUPP) {
			problems = append(problems, fmt.Errorf("listing %s rules: %w", family, err))
		}
		for _, m := range messages {
			rule, err := parseRule(m, family)
			if err != nil {
				problems = append(problems, fmt.Errorf("reading a rule of %s: %w", family, err))
				continue
			}
			out = append(out, rule)
		}
	}
	return func(h *facts.HostLook) { h.Rules = out }, errors.Join(problems...)
}

// parseRule reads struct fib_rule_hdr (linux/fib_rules.h), which has the layout
// of struct rtmsg with the action in the place of the type, and its attributes.
func parseRule(message []byte, family facts.Family) (facts.Rule, error) {
	if len(message) < unix.SizeofRtMsg {
		return facts.Rule{}, fmt.Errorf("the message has %d bytes", len(message))
	}
	header := nl.DeserializeRtMsg(message)
	attrs, err := attributes(message[header.Len():])
	if err != nil {
		return facts.Rule{}, fmt.Errorf("parsing attributes: %w", err)
	}
	r := facts.Rule{Table: int(header.Table), Action: ruleAction(header.Type), Family: family}
	r.Not = header.Flags&fibRuleInvert != 0
	for _, a := range attrs {
		v := a.Value
		switch a.Attr.Type {
		case nl.FRA_TABLE:
			r.Table = int(number(v))
		case nl.FRA_PRIORITY:
			r.Priority = int(number(v))
		case nl.FRA_FWMARK:
			r.Mark = number(v)
		case nl.FRA_FWMASK:
			// The kernel fills in all bits where no mask was given.
			if r.Mask = number(v); r.Mask == math.MaxUint32 {
				r.Mask = 0
			}
		case nl.FRA_SUPPRESS_PREFIXLEN:
			r.SuppressPrefix = int(int32(number(v))) + 1 // -1 is none
		case nl.FRA_IIFNAME:
			r.IifName = unix.ByteSliceToString(v)
		case nl.FRA_OIFNAME:
			r.OifName = unix.ByteSliceToString(v)
		case nl.FRA_SRC:
			r.Src = netip.PrefixFrom(address(net.IP(v)), int(header.Src_len))
		case nl.FRA_DST:
			r.Dst = netip.PrefixFrom(address(net.IP(v)), int(header.Dst_len))
		}
	}
	return r, nil
}

// fibRuleInvert is FIB_RULE_INVERT (linux/fib_rules.h).
const fibRuleInvert = 2

func number(v []byte) uint32 {
	if len(v) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(v)
}

// ruleAction is the word of ip-rule(8) for FR_ACT_* (linux/fib_rules.h).
func ruleAction(action uint8) string {
	words := [...]string{"unspec", "lookup", "goto", "nop", "", "", "blackhole", "unreachable", "prohibit"}
	if int(action) < len(words) && words[action] != "" {
		return words[action]
	}
	return strconv.Itoa(int(action))
}
