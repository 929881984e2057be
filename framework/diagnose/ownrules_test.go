package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// strange is what firewall/chains says of chains on n2 that nobody is known to own.
func strange(text string) Judged {
	return warned(firewallChains, check.Finding{
		Subject: "unknown chains", Nodes: []string{"n2"}, Says: "unknown chains on 1 node",
		Evidence: []check.Evidence{{Node: "n2", Source: "firewall chains", Text: text}},
	})
}

const (
	hole    = "2 of 6 pairs lose packets over 1400 bytes in silence"
	byBytes = `{"match":{"op":">","left":{"payload":{"protocol":"ip","field":"length"}},"right":1400}},{"drop":null}`
)

func TestARuleThatDropsByLengthIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	nftTable(s, "narrow", byBytes)
	causes := Diagnose(s, []Judged{failed("mtu/path", about("n2", hole)), strange("nft inet narrow/in")})
	c := find(t, causes, "path-mtu")
	equal(t, c.Says, "n2: "+hole+"; on n2 a rule drops packets by their length: nft, table narrow, chain in, rule 1: ip length > 1400 drop")
	equal(t, string(c.Certainty), string(report.Configured))
	equal(t, c.Remedy[0].Command, "nft delete rule inet narrow in handle 6")
	if len(causes) != 1 {
		t.Errorf("the table belongs to it: %s", said(causes))
	}
}

func TestAPathIsNarrowWithoutARule(t *testing.T) {
	for name, expression := range map[string]string{"no rule": "", "a rule about other things": eachOf33} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3)
			if expression != "" {
				nftTable(s, "other", expression)
			}
			c := find(t, Diagnose(s, []Judged{failed("mtu/path", about("n2", hole))}), "path-mtu")
			equal(t, c.Says, "n2: "+hole)
			equal(t, string(c.Certainty), string(report.Fits))
		})
	}
}

func TestChainsBelongToTheCauseThatNamesThemAll(t *testing.T) {
	rule := about("n2", "rule 1 drops all forwarded pod traffic")
	rule.Evidence = []check.Evidence{{Node: "n2", Source: "nft table inet site, chain guard, rule 1", Text: "counter drop"}}
	for _, tc := range []struct {
		name, text string
		own        bool
	}{
		{"the very chain", "nft inet site/guard", true},
		{"another one beside it", "nft inet site/guard, nft inet site/other", false},
		{"more than are listed", "nft inet site/guard and 2 more", false},
		{"a chain of the same name elsewhere", "filter/guard", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			causes := Diagnose(factstest.Healthy(3), []Judged{failed(firewallForward, rule), strange(tc.text)})
			if has(causes, "foreign-chains") == tc.own || causes[0].ID != "forward-rejected" {
				t.Errorf("got %s", said(causes))
			}
		})
	}
}
