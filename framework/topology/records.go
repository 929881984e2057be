package topology

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// NoData is the code of a name that exists without a record of the type asked
// for: NOERROR and no answer (RFC 2308).
const NoData = "NODATA"

// records are the questions of the Kubernetes DNS specification (DNS-Based
// Service Discovery, 1.1.0) whose answers are known: the Service
// default/kubernetes, the suite's own ones, and a name that does not exist.
// An SRV answer is written "port target", because weights are the server's choice.
func records(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	ask := func(id, name, kind, rcode string, want ...string) {
		for _, t := range services(s.Cluster.DNS, f, "record/"+id, name) {
			t.Type, t.RCode, t.Want = kind, rcode, want
			out = append(out, t)
		}
	}
	addresses := func(id, name string, addrs []netip.Addr) {
		for _, kind := range []string{"A", "AAAA"} {
			var want []string
			for _, a := range addrs {
				if a.Unmap().Is4() == (kind == "A") {
					want = append(want, a.Unmap().String())
				}
			}
			rcode := ""
			if len(want) == 0 {
				rcode = NoData
			}
			ask(kind+" "+id, name, kind, rcode, want...)
		}
	}
	if len(s.Cluster.API) > 0 {
		kubernetes := queryName(s)
		addresses("kubernetes", kubernetes, addrsOf(s.Cluster.API))
		ask("SRV kubernetes", "_https._tcp."+kubernetes, "SRV", "", fmt.Sprintf("%d %s", s.Cluster.API[0].Port(), kubernetes))
		ask("PTR kubernetes", reverse(s.Cluster.API[0].Addr()), "PTR", "", kubernetes)
	}
	if headless := s.FurtherService(facts.KindHeadless); headless != nil && serviceName(s, headless) != "" {
		addresses("headless", serviceName(s, headless), headless.Addrs)
	}
	ask("NXDOMAIN", fmt.Sprintf("plumbline-no-such-service.default.svc.%s.", domain(s)), "A", "NXDOMAIN")
	return out
}

func addrsOf(list []netip.AddrPort) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		out = append(out, a.Addr())
	}
	return out
}

// reverse is the name under which an address has its PTR record (RFC 1035, RFC 3596).
func reverse(a netip.Addr) string {
	a = a.Unmap()
	var b strings.Builder
	raw := a.AsSlice()
	for i := len(raw) - 1; i >= 0; i-- {
		if a.Is4() {
			fmt.Fprintf(&b, "%d.", raw[i])
		} else {
			fmt.Fprintf(&b, "%x.%x.", raw[i]&0xf, raw[i]>>4)
		}
	}
	if a.Is4() {
		return b.String() + "in-addr.arpa."
	}
	return b.String() + "ip6.arpa."
}

func domain(s *facts.Snapshot) string {
	if s.Cluster.Domain == "" {
		return "cluster.local"
	}
	return s.Cluster.Domain
}
