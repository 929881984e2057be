package firewall

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// daemons are managers that keep a process, by its name; the others leave rules only.
var daemons = map[string]string{
	"firewalld": "firewalld", "lfd": "ConfigServer Firewall (csf)", "fail2ban-server": "fail2ban",
	"crowdsec-firewa": "CrowdSec", "sshguard": "SSHGuard", "opensnitchd": "OpenSnitch",
}

// nftablesService is what loads /etc/nftables.conf, whose table is usually "inet filter".
const nftablesService = "nftables.service"

// manager is a firewall manager with what tells of it.
type manager struct {
	name    string
	process string // with its pid; empty where none was seen
	chains  []string
}

func managersAt(s *facts.Snapshot, node string) (out []*manager, missing string) {
	find := func(name string) *manager {
		for _, m := range out {
			if m.name == name {
				return m
			}
		}
		m := &manager{name: name}
		out = append(out, m)
		return m
	}
	rules, missing := rulesAt(s, node, facts.First)
	if missing == "" {
		for _, c := range rules.Chains {
			if name := managerOf(c); name != "" {
				m := find(name)
				m.chains = withWord(m.chains, c.Table+"/"+c.Name)
			}
		}
	}
	running, lacks := processesAt(s, node)
	if lacks != "" {
		return out, lacks
	}
	for _, comm := range slices.Sorted(maps.Keys(daemons)) {
		if p, runs := running[comm]; runs {
			find(daemons[comm]).process = fmt.Sprintf("%s, pid %d", p.Name, p.PID)
		}
	}
	return out, missing
}

// managerOf names the manager that made a chain: one of the known, or, for rules in
// a native table named as in /etc/nftables.conf, whoever loads that.
func managerOf(c netfilter.Chain) string {
	if ignored(c) {
		return ""
	}
	if o, known := ownerOf(c); known {
		if o.stop != "" {
			return o.name
		}
		return ""
	}
	if native(c) && c.Table == "filter" && (c.Family == "inet" || c.Family == "ip" || c.Family == "ip6") {
		return nftablesService
	}
	return ""
}

func (m *manager) finding(node string) check.Finding {
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Warn}
	switch {
	case m.process != "" && len(m.chains) > 0:
		f.Says = m.name + " runs and its chains are loaded"
	case m.process != "":
		f.Says = m.name + " runs; it has no chains at the moment, and may make some at its next reload"
	default:
		f.Says = m.name + "'s chains are loaded"
	}
	f.Says += ": it may drop the cluster's packets, and puts its rules back when they are deleted"
	if m.process != "" {
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "process list", Text: m.process})
	}
	if len(m.chains) > 0 {
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "firewall chains", Text: few(m.chains)})
	}
	f.Remedy = []check.Remedy{
		lookAtManager(node),
		{Text: "Where the nodes need no firewall of their own, switch it off on each of them; otherwise let it pass the pods' traffic, the overlay's port, the kubelet and NodePorts", Node: node, Command: m.stop()},
		{Purpose: check.Verify, Text: "Check that its rules are gone: none of its chains or tables may stand there", Node: node, Command: "iptables-save | grep '^:'; nft list tables"},
	}
	return f
}

func (m *manager) stop() string {
	for _, o := range owners() {
		if o.name == m.name && o.stop != "" {
			return o.stop
		}
	}
	unit := m.name
	if word, _, spaced := strings.Cut(m.process, ","); spaced {
		unit = word
	}
	return "systemctl disable --now " + unit
}
