package pressure

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed conntrack.md
var conntrackDoc string

const (
	conntrackMax   = "net.netfilter.nf_conntrack_max"
	conntrackCount = "net.netfilter.nf_conntrack_count"
	// Use of the table in per cent: the promise, and where a burst of connections fills the rest.
	nearlyFull, full = 80, 95
	// manyClashes is how many insert_failed are more than clashes: two queries of one resolver that leave
	// together by one port clash now and then, and one of them is sent again five seconds later.
	manyClashes = 100
)

// Conntrack promises room in the table of connections.
func Conntrack() check.Check {
	return check.Check{
		ID:       "pressure/conntrack",
		Promise:  "The connection tracking table has room, and no connection is refused or thrown out.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    bothLooks(),
		Doc:      conntrackDoc,
		Evaluate: conntrack,
	}
}

func conntrack(s *facts.Snapshot) check.Result {
	return onHosts(s, "connections are tracked with room to spare", func(h host) []symptom.Symptom {
		var out []symptom.Symptom
		worst, ok := fuller(h.first, h.last)
		if !ok {
			out = append(out, symptom.Unknown(h.Name, "how full the connection tracking table is could not be read"))
		} else if x, bad := worst.symptom(s, h.Name); bad {
			out = append(out, x)
		}
		grown, unread := h.growths("conntrack.drop", "conntrack.early_drop", "conntrack.insert_failed")
		if len(unread) > 0 {
			out = append(out, symptom.Unknown(h.Name, "counters of connection tracking could not be read: "+strings.Join(unread, ", ")))
		}
		for _, g := range grown {
			out = append(out, lostConnections(s, g, worst, ok))
		}
		return out
	})
}

func lostConnections(s *facts.Snapshot, g symptom.Growth, t table, known bool) symptom.Symptom {
	out := symptom.Symptom{Node: g.Node, Verdict: check.Fail, Kind: g.Counter, Weight: g.By(), Evidence: []check.Evidence{g.Evidence()}}
	if known {
		out.Evidence = append(out.Evidence, t.evidence(g.Node))
		out.Remedy = moreConnections(s, g.Node, 2*t.max)
	} else {
		out.Remedy = moreConnections(s, g.Node, 1<<18)
	}
	switch g.Counter {
	case "conntrack.drop":
		out.Says = fmt.Sprintf("connection tracking dropped packets of new connections while the probes ran (%s): its table was full", g)
	case "conntrack.early_drop":
		out.Says = fmt.Sprintf("connections that were not assured yet were thrown out to make room while the probes ran (%s): the table is full", g)
	default:
		out.Says = fmt.Sprintf("packets were dropped while the probes ran because their connection clashed with another one (%s); "+
			"two DNS queries sent at once by one socket do that, and the lost one is sent again after five seconds", g)
		if g.By() < manyClashes {
			out.Verdict = check.Warn
		}
		out.Remedy = []check.Remedy{
			{Purpose: check.Find, Text: "See which connections there are most of", Node: g.Node, Command: "conntrack -L 2>/dev/null | awk '{print $1}' | sort | uniq -c"},
			{Text: "If it is DNS (udp, port 53): let pods send their two questions one after the other, from sockets of their own", Command: "kubectl -n NAMESPACE patch deployment NAME --type merge -p '{\"spec\":{\"template\":{\"spec\":{\"dnsConfig\":{\"options\":[{\"name\":\"single-request-reopen\"}]}}}}}'"},
			{Purpose: check.Last, Text: "For all pods: NodeLocal DNSCache asks the cluster DNS by TCP and does not track (Kubernetes documentation, \"Using NodeLocal DNSCache\"); this shows whether it runs", Command: "kubectl get daemonsets -A | grep -i dns"},
			remedies.Still(g.Node, "that the counter stands still", "conntrack -S | grep -o 'insert_failed=[0-9]*' | xargs"),
		}
	}
	return out
}

func moreConnections(s *facts.Snapshot, node string, most int) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "See who has the most connections", Node: node, Command: `conntrack -L 2>/dev/null | grep -o 'src=[^ ]*' | sort | uniq -c | sort -rn | head`},
		{Text: "Make the table larger now (each entry takes about 320 bytes)", Node: node, Command: fmt.Sprintf("sysctl -w %s=%d", conntrackMax, most)},
		keepConntrack(s, most),
		{Purpose: check.Verify, Text: "Check how full it is: the first number must stay well below the second", Node: node, Command: fmt.Sprintf("sysctl %s %s", conntrackCount, conntrackMax)},
	}
}

// keepConntrack: kube-proxy sets the limit when it starts, from its configuration
// (kubernetes.io, kube-proxy Configuration v1alpha1, conntrack); where there is
// none, sysctl.d does.
func keepConntrack(s *facts.Snapshot, most int) check.Remedy {
	if recognise.ProxyMode(s) == recognise.ReplacedMode {
		return check.Remedy{
			Purpose: check.Last, Text: "Set it at every start, on each node",
			Command: fmt.Sprintf("echo '%s = %d' > /etc/sysctl.d/zz-conntrack.conf", conntrackMax, most),
		}
	}
	return remedies.KeepProxySetting(s, fmt.Sprintf("min: %d under conntrack", most))
}
