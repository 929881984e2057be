package probe

import (
	"context"
	"net/netip"
	"slices"
	"strconv"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// noteResolving is the note of an attempt that failed before there was an address.
const noteResolving = "resolving"

// resolved gives the addresses of a host in one family as the vantage's own
// resolv.conf says (resolv.conf(5): nameserver, search, ndots, attempts), or the
// attempt that failed. A literal address needs none of it.
func (e *env) resolved(ctx context.Context, f facts.Flow, t facts.Target) ([]netip.Addr, *facts.Attempt) {
	if t.Addr.IsValid() {
		return []netip.Addr{t.Addr.Unmap()}, nil
	}
	if addr, err := netip.ParseAddr(t.Name); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	w := e.start()
	config, err := dns.ClientConfigFromFile(e.resolvConf)
	if err != nil || len(config.Servers) == 0 {
		w.Outcome, w.Note = facts.NotRun, "no resolver is configured in "+e.resolvConf
		if err != nil {
			w.Note += ": " + err.Error()
		}
		return nil, &w.Attempt
	}
	kind := dns.TypeA
	if f.Family == facts.IPv6 {
		kind = dns.TypeAAAA
	}
	var worst facts.Attempt
	for _, name := range config.NameList(t.Name) {
		x := e.askServers(ctx, config, name, kind)
		if addrs := parsed(x.Answers); len(addrs) > 0 {
			return addrs, nil
		}
		if graver(x, worst) {
			worst = x
		}
	}
	w.lap()
	w.Outcome, w.RCode, w.Errno, w.ICMP, w.Note = worst.Outcome, worst.RCode, worst.Errno, worst.ICMP, noteResolving
	return nil, &w.Attempt
}

// askServers asks one server after the other, as often as resolv.conf says, until
// one knows; a server in trouble does not.
func (e *env) askServers(ctx context.Context, config *dns.ClientConfig, name string, kind uint16) facts.Attempt {
	var last facts.Attempt
	for range max(1, min(config.Attempts, 2)) {
		for _, server := range config.Servers {
			addr, err := netip.ParseAddr(server)
			if err != nil {
				continue
			}
			port, _ := strconv.ParseUint(e.dnsPort, 10, 16)
			x := e.lookUp(ctx, facts.Target{Addr: addr, Port: uint16(port), Name: name}, kind)
			if x.Outcome == facts.OK || x.RCode == noData || x.RCode == dns.RcodeToString[dns.RcodeNameError] {
				return x
			}
			if graver(x, last) {
				last = x
			}
		}
	}
	return last
}

// lookUp asks one server one question. OK is an answer with addresses; every other
// answer is Unreachable, with its code.
func (e *env) lookUp(ctx context.Context, at facts.Target, kind uint16) facts.Attempt {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(at.Name), kind)
	w, reply, _ := e.query(ctx, at, unix.SOCK_DGRAM, query)
	if reply != nil && reply.Truncated {
		w, reply, _ = e.query(ctx, at, unix.SOCK_STREAM, query)
	}
	if reply == nil {
		if w.Outcome != facts.Timeout && w.Outcome != facts.NotRun {
			w.Outcome = facts.Unreachable
		}
		return w.Attempt
	}
	w.Answers, w.RCode, w.Outcome = rrTexts(reply.Answer, kind), dns.RcodeToString[reply.Rcode], facts.OK
	if reply.Rcode == dns.RcodeSuccess && len(w.Answers) == 0 {
		w.RCode = noData
	}
	if len(w.Answers) == 0 {
		w.Outcome = facts.Unreachable
	}
	return w.Attempt
}

// graver says which of two failures to tell: silence and trouble before a name
// without such a record, and that before a name that does not exist, for the
// names of a search list mostly do not.
func graver(x, y facts.Attempt) bool {
	weight := func(a facts.Attempt) int {
		switch {
		case a.Outcome == facts.NotRun:
			return 0
		case a.RCode == dns.RcodeToString[dns.RcodeNameError]:
			return 1
		case a.RCode == noData:
			return 2
		default:
			return 3
		}
	}
	return weight(x) > weight(y)
}

func parsed(texts []string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil && !slices.Contains(out, addr) {
			out = append(out, addr)
		}
	}
	return out
}
