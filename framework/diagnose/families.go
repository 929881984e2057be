package diagnose

import (
	"github.com/plumbline-net/plumbline/framework/facts"
)

// ofFamilies narrows where a cause shows to the families that it is known to be
// about; with none known it stays as it is.
func ofFamilies(known map[facts.Family]bool, test cellTest) cellTest {
	if len(known) == 0 {
		return test
	}
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return (f.Family == "" || known[f.Family]) && test(f, from, to)
	}
}

// familiesOff are those that some of the nodes did not forward at some look; none in
// a cluster with one family, where the other one's switch means nothing.
func (in *input) familiesOff(nodes []string) map[facts.Family]bool {
	if _, one := in.oneFamily(); one {
		return nil
	}
	keys := map[facts.Family]string{facts.IPv4: "net.ipv4.ip_forward", facts.IPv6: "net.ipv6.conf.all.forwarding"}
	out := map[facts.Family]bool{}
	for _, node := range nodes {
		found := false
		for _, look := range []facts.Look{facts.First, facts.Main, facts.Last} {
			for family, key := range keys {
				if h := in.facts.Host(node, look); h != nil && h.Sysctls[key] == "0" {
					out[family], found = true, true
				}
			}
		}
		if !found {
			return nil // an interface of its own, or one that was read otherwise
		}
	}
	return out
}

// familiesOfRules are those whose packets the rules of findings meet; none where one
// of them may meet both.
func (in *input) familiesOfRules(findings []located) map[facts.Family]bool {
	out := map[facts.Family]bool{}
	for _, f := range findings {
		family, known := in.familyOfRule(f.Says)
		if !known {
			return nil
		}
		out[family] = true
	}
	return out
}
