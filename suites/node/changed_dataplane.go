package node

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// dataPlane compares the rules of Services that existed before the run:
// creating a Service makes kube-proxy write all of them anew.
func (c *comparison) dataPlane() {
	var addrs []netip.Addr
	for _, a := range append(slices.Clone(c.snapshot.Cluster.API), c.snapshot.Cluster.DNS...) {
		addrs = append(addrs, a.Addr())
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	for _, addr := range slices.Compact(addrs) {
		before, after := c.programmed(addr)
		if before == after {
			continue
		}
		means := ": the node's Service rules were lost during the run"
		if after {
			means = ": creating the suite's own Service made kube-proxy write what was missing"
		}
		c.differs(check.Fail, "rules for Service address "+addr.String(), yes(before), yes(after), means,
			check.Remedy{
				Purpose: check.Find, Text: "See whether something flushes the node's rules (a firewall manager that restarts, another iptables back end)",
				Node: c.node.Name, Command: "journalctl --no-pager --since -1day | grep -Ei 'iptables|nft|firewalld' | tail -40",
			},
			remedies.RestartProxy(c.snapshot, c.node.Name),
			check.Remedy{
				Purpose: check.Last, Text: "Switch off the firewall manager that flushes them, if one of these runs: each reload takes kube-proxy's rules away", Node: c.node.Name,
				Command: "systemctl list-units --no-pager --plain --state=active | grep -E 'firewalld|nftables|iptables|netfilter-persistent|ufw'",
			},
			check.Remedy{
				Purpose: check.Verify, Text: "Check that the address has its rules: this must print some", Node: c.node.Name,
				Command: fmt.Sprintf("(iptables-save -t nat; nft list ruleset; ipvsadm -Ln) 2>/dev/null | grep -F %s | head -5", addr),
			})
	}
}

func yes(there bool) string {
	if there {
		return "there"
	}
	return ""
}

// programmed says at both looks whether kube-proxy's entrance for an address is
// there. Only tools whose dump could be taken at both looks count.
func (c *comparison) programmed(addr netip.Addr) (before, after bool) {
	for _, first := range c.first.Firewall {
		i := slices.IndexFunc(c.last.Firewall, func(d facts.Dump) bool { return d.Tool == first.Tool })
		if i < 0 || first.NotRun != "" || c.last.Firewall[i].NotRun != "" {
			continue
		}
		before = before || entrance(first, addr)
		after = after || entrance(c.last.Firewall[i], addr)
	}
	return before || ipvsHas(c.first, addr), after || ipvsHas(c.last, addr)
}

// entrance: a rule of the chain KUBE-SERVICES, or an element of kube-proxy's
// nftables map service-ips. The chain of a Service's own may outlive it.
func entrance(d facts.Dump, addr netip.Addr) bool {
	if d.Tool == "nft" {
		return nftEntrance(d.Text, addr.String())
	}
	for line := range strings.Lines(d.Text) {
		if strings.Contains(line, "-A KUBE-SERVICES ") && strings.Contains(line, " -d "+addr.String()+"/") {
			return true
		}
	}
	return false
}

func nftEntrance(text, addr string) bool {
	var doc struct {
		Objects []struct {
			Map *struct {
				Table, Name string
				Elem        json.RawMessage
			} `json:"map"`
		} `json:"nftables"`
	}
	if json.Unmarshal([]byte(text), &doc) != nil {
		return false
	}
	for _, o := range doc.Objects {
		if o.Map != nil && o.Map.Table == "kube-proxy" && o.Map.Name == "service-ips" && strings.Contains(string(o.Map.Elem), `"`+addr+`"`) {
			return true
		}
	}
	return false
}

// ipvsHas: in IPVS mode kube-proxy gives every Service address to kube-ipvs0.
func ipvsHas(h *facts.HostLook, addr netip.Addr) bool {
	ipvs, ok := h.Interface("kube-ipvs0")
	return ok && slices.ContainsFunc(ipvs.Addrs, func(p netip.Prefix) bool { return p.Addr() == addr })
}
