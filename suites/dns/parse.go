package dns

import (
	"net/netip"
	"strconv"
	"strings"
)

// resolvConf is what a resolver reads from resolv.conf(5).
type resolvConf struct {
	nameservers []netip.Addr
	search      []string // without a dot at the end, in lower case
	ndots       int      // 1 where the file says nothing
	// unreadable are nameserver lines whose address is none.
	unreadable []string
}

// defaultDots is what resolv.conf(5) gives ndots where the file says nothing,
// and mostDots its upper bound.
const defaultDots, mostDots = 1, 15

// parseResolvConf follows resolv.conf(5): the keyword begins the line, the last
// of "search" and "domain" wins, of "options ndots" the last too, comments
// begin with # or ;.
func parseResolvConf(text string) resolvConf {
	r := resolvConf{ndots: defaultDots}
	for line := range strings.Lines(text) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if addr, err := netip.ParseAddr(words[1]); err == nil {
				r.nameservers = append(r.nameservers, addr)
			} else {
				r.unreadable = append(r.unreadable, words[1])
			}
		case "search", "domain":
			r.search = nil
			for _, w := range words[1:] {
				r.search = append(r.search, strings.ToLower(strings.TrimSuffix(w, ".")))
			}
		case "options":
			r.options(words[1:])
		}
	}
	return r
}

func (r *resolvConf) options(words []string) {
	for _, w := range words {
		value, ok := strings.CutPrefix(w, "ndots:")
		if n, err := strconv.Atoi(value); ok && err == nil && n >= 0 {
			r.ndots = min(n, mostDots)
		}
	}
}
