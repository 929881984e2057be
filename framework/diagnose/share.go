package diagnose

import (
	"regexp"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

var (
	// shareWords are how iptables (statistic and hashlimit, iptables-extensions(8)) and
	// nft (numgen and limit, nft(8)) choose a share of the packets.
	shareWords = regexp.MustCompile(`numgen (inc|random) mod|-m statistic\b|--hashlimit-above|limit rate over|limit \{.*"inv": ?true`)
	dropWords  = regexp.MustCompile(`\bdrop\b|-j DROP\b`)
	// queueWords hand a packet to a program: NFQUEUE, and nft's queue.
	queueWords = regexp.MustCompile(`-j NFQUEUE\b|(^| )queue( num| to| flags| \{|$)`)
)

func dropsShare(rule string) bool { return shareWords.MatchString(rule) && dropWords.MatchString(rule) }

func queuesPackets(rule string) bool { return queueWords.MatchString(rule) }

// rulesLike are the rules on nodes whose text a test matches, in any look that read them.
func (in *input) rulesLike(nodes []string, matches func(string) bool) []dropRule {
	var out []dropRule
	for _, node := range nodes {
		for _, look := range []facts.Look{facts.Last, facts.Main, facts.First} {
			host := in.facts.Host(node, look)
			if host == nil || len(host.Firewall) == 0 {
				continue
			}
			rules, _ := netfilter.Load(host.Firewall) // what cannot be read is reported by the firewall checks
			for _, c := range rules.Chains {
				for _, r := range c.Rules {
					if matches(r.Text) {
						out = append(out, dropRule{node, c, r})
					}
				}
			}
			break
		}
	}
	return out
}
