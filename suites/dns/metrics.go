package dns

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed metrics.md
var metricsDoc string

// Metrics is the check dns/metrics.
func Metrics() check.Check {
	return check.Check{
		ID: "dns/metrics", Promise: "Every replica of the cluster DNS gives its metrics over HTTP to every pod and every host.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: metricsDoc, Ask: askMetrics, Evaluate: evaluateMetrics,
	}
}

func askMetrics(scope check.Scope) []facts.Flow {
	if !scope.HasDNS || scope.NoDNSMetrics {
		return nil
	}
	return asked(scope.Families, facts.ToDNSMetrics, []facts.Via{facts.HTTP}, facts.FromPod, facts.FromHost)
}

func evaluateMetrics(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Cluster.DNSPods) == 0 {
		return noReplica(s)
	}
	switch port := recognise.DNSMetrics(s); {
	case port.Port == 0:
		return check.Skipf("neither the pods nor the Service of the cluster DNS declare a metrics port: no container port or Service port is named metrics, and there is no annotation prometheus.io/port")
	case port.TLS:
		return check.Skipf("the metrics port %d of the cluster DNS (%s) speaks TLS, and is read by authorised clients alone", port.Port, port.By)
	}
	var addrs []netip.Addr
	for _, p := range s.Cluster.DNSPods {
		addrs = append(addrs, p.Addrs...)
	}
	flows := offered(askMetrics(check.ScopeOf(s)), addrs)
	servers := serversOf(s, answers(s, flows))
	r := matrix.Judge(s, matrix.Spec{
		Flows: flows, Noun: "pairs of sender and replica", Holds: "get the metrics", Also: servers.notServing(),
		Rule: servers.rule, Remedy: func(p matrix.Place) []check.Remedy { return metricsRemedy(s, p) },
	})
	if r.Verdict == check.Unknown && len(r.Findings) > 0 && !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Verdict != check.Warn }) {
		r.Verdict = check.Warn // every replica was heard, and none serves metrics
	}
	return r
}

// metricsRule holds an HTTP answer against 200; a replica that serves no metrics
// to anyone is told apart beforehand.
func (s servers) rule(c matrix.Cell) matrix.Ruling {
	switch {
	case c.Answer.Outcome == facts.OK:
		return matrix.Ruling{Standing: matrix.Right}
	case s.none(c.To.ID) != "":
		return matrix.Ruling{Standing: matrix.Aside, Why: "the replica serves no metrics to anyone, which is no matter of the network"}
	default:
		return matrix.Outcome(c.Answer.Outcome)
	}
}

func metricsRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	url := fmt.Sprintf("http://%s%s", netip.AddrPortFrom(c.To.Addr, c.To.Port), c.To.Name)
	get := check.Remedy{
		Purpose: check.Verify, Text: "Check by asking: this must print 200; 000 is a failure of the network", Node: c.From.Node,
		Command: fmt.Sprintf("curl -sS -g -o /dev/null -w '%%{http_code}\\n' -m 3 '%s'", url),
	}
	policies := check.Remedy{
		Purpose: check.Find, Text: "Is there a NetworkPolicy which lets only port 53 pass to the cluster DNS?",
		Command: remedies.ShowPolicies(s, remedies.DNS(s).Namespace),
	}
	if p.Shape == matrix.Target || p.Shape == matrix.Within {
		return append([]check.Remedy{{
			Purpose: check.Find, Text: "Many cannot reach this replica: look on its node for a rule on the port or the address", Node: c.To.Node,
			Command: fmt.Sprintf("iptables-save | grep -nE 'dport %d|%s'; nft list ruleset | grep -nE 'dport %d|%s'", c.To.Port, c.To.Addr, c.To.Port, c.To.Addr),
		}, policies, get}, letPass(c, c.To.Node, "tcp")...)
	}
	return append([]check.Remedy{{
		Purpose: check.Find, Text: "The replica answers others, or nobody: look at this node's route to it, forwarding and rules first", Node: nodeOr(p, c),
		Command: fmt.Sprintf("ip route get %s; sysctl -n net.ipv4.ip_forward; nft list ruleset | grep -nE 'dport %d|drop|reject'", c.To.Addr, c.To.Port),
	}, policies, remedies.RestartCNI(s, nodeOr(p, c)), get}, letPass(c, nodeOr(p, c), "tcp")...)
}

func nodeOr(p matrix.Place, c matrix.Cell) string {
	if n := p.Node(); n != "" {
		return n
	}
	return c.From.Node
}
