package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// sysctls compares what could be read at both looks. A setting that appears
// belongs to an interface or module that came with our pods; a figure that moves
// by itself (nf_conntrack_count, file-nr) is no setting.
func (c *comparison) sysctls() {
	for _, name := range slices.Sorted(maps.Keys(c.first.Sysctls)) {
		before := strings.TrimSpace(c.first.Sysctls[name])
		after, ok := c.last.Sysctls[name]
		after = strings.TrimSpace(after)
		if !ok || before == after || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "-nr") || ofOneInterface(name) || c.follows(name) || c.byFirstPod(name, before, after) {
			continue
		}
		means := ""
		var remedy []check.Remedy
		if before == "0" && (strings.HasSuffix(name, ".ip_forward") || strings.HasSuffix(name, ".forwarding")) {
			means = "; creating a pod switches it on, so a fault was healed by the run and will come back"
		}
		if c.weight(name) == check.Fail { // each of these has to be 1
			wanted := remedies.Setting{Name: name, Value: "1"}
			remedy = append([]check.Remedy{remedies.Set(c.node.Name, "Set it as it has to be (kernel/ip-forward and kernel/ip-forward-boot say what wrote 0)", wanted)},
				remedies.Keep(c.snapshot, c.node.Name, "plumbline", wanted)...)
		}
		c.differs(c.weight(name), "sysctl "+name, before, after, means, remedy...)
	}
}

// ofOneInterface: a CNI plugin tunes the interfaces it makes (accept_ra,
// route_localnet …); of one interface only what stops packets is compared.
func ofOneInterface(name string) bool {
	rest, ok := strings.CutPrefix(name, "net.ipv4.conf.")
	if !ok {
		if rest, ok = strings.CutPrefix(name, "net.ipv6.conf."); !ok {
			return false
		}
	}
	return !strings.HasPrefix(rest, "all.") && !strings.HasSuffix(name, ".forwarding") && !strings.HasSuffix(name, ".rp_filter")
}

// follows: the switch of one interface changes with the switch for all.
func (c *comparison) follows(name string) bool {
	if !strings.HasSuffix(name, ".forwarding") {
		return false
	}
	for family, all := range map[string]string{"net.ipv4.conf.": "net.ipv4.ip_forward", "net.ipv6.conf.": "net.ipv6.conf.all.forwarding"} {
		if strings.HasPrefix(name, family) && name != all {
			return strings.TrimSpace(c.first.Sysctls[all]) != strings.TrimSpace(c.last.Sysctls[all])
		}
	}
	return false
}

// byFirstPod: forwarding of a node on which no pod had run, which creating one of ours
// switched on: kernel/ip-forward tells of it.
func (c *comparison) byFirstPod(name, before, after string) bool {
	forwards := strings.HasSuffix(name, ".ip_forward") || strings.HasSuffix(name, ".forwarding")
	return forwards && before == "0" && after == "1" && dataplane.Fresh(c.snapshot, c.node)
}

// weight: what decides over packets of a family the cluster has is a failure.
func (c *comparison) weight(sysctl string) check.Verdict {
	families := c.snapshot.Cluster.Families
	switch {
	case strings.HasPrefix(sysctl, "net.ipv6.") && !slices.Contains(families, facts.IPv6):
		return check.Warn
	case strings.HasSuffix(sysctl, "ip_forward"), strings.HasSuffix(sysctl, ".forwarding"), strings.Contains(sysctl, "bridge-nf-call"):
		return check.Fail
	default:
		return check.Warn
	}
}

// rules compares policy routing rules. Rules for single pods come and go with them.
func (c *comparison) rules() {
	first, last := c.ruleTexts(c.first), c.ruleTexts(c.last)
	for _, text := range slices.Sorted(maps.Keys(first)) {
		if !last[text] {
			c.differs(check.Fail, "routing rule "+text, "there", "", "", c.ruleSteps(text, "add")...)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(last)) {
		if !first[text] {
			c.differs(check.Fail, "routing rule "+text, "", "there", "", c.ruleSteps(text, "del")...)
		}
	}
}

// ruleSteps put a routing rule back, or take it away; the text is "ipv4 100: from … table 7".
func (c *comparison) ruleSteps(text, verb string) []check.Remedy {
	family, rest, _ := strings.Cut(text, " ")
	priority, words, _ := strings.Cut(rest, ":")
	command := dataplane.IP(facts.Family(family)) + " rule"
	words = strings.TrimSpace(strings.TrimSuffix(strings.Replace(words, " lookup table", " table", 1), " table 0"))
	says, must := "Put the rule back", "one line"
	if verb == "del" {
		says, must = "Take the rule away", "nothing"
	}
	return []check.Remedy{
		{Text: says, Node: c.node.Name, Command: fmt.Sprintf("%s %s %s pref %s", command, verb, words, priority)},
		remedies.WhereWritten(c.node.Name, "Find what sets or removes routing rules here, and correct it there", "ip (-6 )?rule|RoutingPolicyRule|routing-policy"),
		{Purpose: check.Verify, Text: "Check the rule: this must print " + must, Node: c.node.Name, Command: fmt.Sprintf("%s show pref %s", command, priority)},
	}
}

// ofAPod says whether an interface was a pod's at either look.
func (c *comparison) ofAPod(name string) bool {
	return dataplane.PodPortNamed(c.first, name) || dataplane.PodPortNamed(c.last, name)
}

func (c *comparison) ruleTexts(h *facts.HostLook) map[string]bool {
	out := map[string]bool{}
	for _, r := range h.Rules {
		if r.Src.IsValid() && r.Src.IsSingleIP() || r.Dst.IsValid() && r.Dst.IsSingleIP() || c.ofAPod(r.IifName) || c.ofAPod(r.OifName) {
			continue
		}
		text := fmt.Sprintf("%s %d:", r.Family, r.Priority)
		for _, part := range []struct{ word, value string }{
			{"from", prefixText(r.Src.IsValid(), r.Src.String())},
			{"to", prefixText(r.Dst.IsValid(), r.Dst.String())},
			{"iif", r.IifName},
			{"oif", r.OifName},
		} {
			if part.value != "" {
				text += " " + part.word + " " + part.value
			}
		}
		if r.Mark != 0 {
			text += fmt.Sprintf(" fwmark %#x", r.Mark)
		}
		out[fmt.Sprintf("%s %s table %d", text, r.Action, r.Table)] = true
	}
	return out
}

func prefixText(valid bool, text string) string {
	if valid {
		return text
	}
	return ""
}
