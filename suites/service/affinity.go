package service

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed affinity.md
var affinityDoc string

// Affinity is the check service/affinity.
func Affinity() check.Check {
	return check.Check{
		ID: "service/affinity", Promise: "With session affinity ClientIP, every connect of one pod to a Service is answered by one and the same backend.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: affinityDoc,
		Services: []string{facts.KindAffinity}, Ask: askAffinity, Evaluate: evaluateAffinity,
	}
}

func askAffinity(scope check.Scope) []facts.Flow {
	return flows(scope, facts.Main, facts.ToAffinity, []facts.Via{facts.Sticky}, facts.FromPod)
}

func evaluateAffinity(s *facts.Snapshot) check.Result {
	if service := s.FurtherService(facts.KindAffinity); service != nil && service.NotRun == "" && len(service.Backends) == 1 {
		return check.Skipf("only one backend stands behind the Service with affinity, so no other could have answered")
	}
	return matrix.Judge(s, matrix.Spec{
		Flows: askAffinity(check.ScopeOf(s)), Rule: affinityRule, Noun: "pods", Holds: "stay with one backend", JudgesLoss: true, Remedy: func(p matrix.Place) []check.Remedy { return affinityRemedy(s, p) },
	})
}

// affinityRule: several backends that answered one client are the fault; no
// answer at all is another check's matter.
func affinityRule(c matrix.Cell) matrix.Ruling {
	switch {
	case len(c.Met()) > 1:
		return matrix.Warning("is answered by several backends in turn", "are answered by several backends in turn")
	case c.Answer.Outcome == facts.OK:
		return matrix.Ruling{Standing: matrix.Right}
	case c.Answer.Outcome == facts.Garbled:
		return matrix.Warning("is answered by another backend than before", "are answered by another backend than before")
	}
	return matrix.Ruling{Standing: matrix.Aside, Why: "the Service does not answer them (see service/cluster-ip)"}
}

func affinityRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := firstOf(p.Node(), c.From.Node)
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Does the node's data plane know of the affinity? (iptables: -m recent --rcheck in the Service's chain; nftables: an affinity set; ipvs: persistent)", Node: node,
			Command: fmt.Sprintf("iptables-save -t nat | grep -F -- '--rcheck'; nft list ruleset | grep -n affinity; ipvsadm -Ln | grep -F %s", c.To.Addr),
		},
		{
			Purpose: check.Find,
			Text:    "iptables keeps the clients in the module recent: is it there, and has its list room?", Node: node,
			Command: "lsmod | grep xt_recent; cat /sys/module/xt_recent/parameters/ip_list_tot; ls /proc/net/xt_recent | head",
		},
		{
			Purpose: check.Find,
			Text:    "If a CNI serves the Services in the place of kube-proxy, see whether it was built and set up for affinity",
			Command: remedies.ShowProxy(s),
		},
		{Text: "Load the module, where iptables serves the Services and it is not there", Node: node, Command: "modprobe xt_recent"},
		remedies.RestartProxy(s, node),
		{Purpose: check.Last, Text: "Load the module at every start", Node: node, Command: "echo xt_recent > /etc/modules-load.d/xt_recent.conf"},
		remedies.Again("service/affinity"),
	}
}
