// Package remedies makes the steps of a repair that several areas share. It is pure.
package remedies

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Again repeats checks alone, which shows whether the repair worked.
func Again(ids ...string) check.Remedy {
	which := "the check alone"
	if len(ids) > 1 || strings.Contains(ids[0], "*") {
		which = "the checks alone"
	}
	list := strings.Join(ids, ",")
	if strings.Contains(list, "*") {
		list = "'" + list + "'"
	}
	return check.Remedy{
		Purpose: check.Verify, Text: fmt.Sprintf("Repeat %s: PASS must stand there, and the exit status must be 0", which),
		Command: "plumbline run --checks " + list,
	}
}

// RestartCNI restarts the CNI's agent on one node.
func RestartCNI(s *facts.Snapshot, node string) check.Remedy {
	for _, pods := range [][]facts.Pod{s.Cluster.CNIPodsLast, s.Cluster.CNIPods} {
		for _, p := range pods {
			if p.Node == node {
				return check.Remedy{
					Text:    fmt.Sprintf("Restart the network plugin's agent on %s: it sets its routes and entries anew when it starts", node),
					Command: fmt.Sprintf("kubectl -n %s delete pod %s", p.Namespace, p.Name),
				}
			}
		}
	}
	namespace, set := cni.Of(s).Agent(s)
	if set == "" {
		return check.Remedy{
			Text:    fmt.Sprintf("Restart the network plugin's agent on %s, where it has one: it sets its routes and entries anew when it starts. These pods are there", node),
			Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node,
		}
	}
	return check.Remedy{
		Text: fmt.Sprintf("Restart the network plugin's agent on %s: it sets its routes and entries anew when it starts", node),
		Command: fmt.Sprintf("kubectl -n %s get pods -o name --field-selector spec.nodeName=%s | grep '^pod/%s-' | xargs -r kubectl -n %s delete",
			namespace, node, set, namespace),
	}
}

// places are where rules, routes and addresses are commonly written so that they come back.
const places = "/etc/iptables /etc/sysconfig /etc/nftables.conf /etc/nftables.d /etc/ufw /etc/firewalld /etc/network /etc/netplan " +
	"/etc/NetworkManager /etc/systemd /etc/cron.d /etc/crontab /etc/rc.local /usr/local/bin /usr/local/sbin"

// WhereWritten finds the file or program that brings something back at the next
// boot or reload; the pattern is an extended regular expression without quotes.
func WhereWritten(node, text, pattern string) check.Remedy {
	return check.Remedy{
		Purpose: check.Last, Text: text, Node: node,
		Command: fmt.Sprintf("grep -rsnIE -- '%s' %s", pattern, places),
	}
}

// Still reads a counter twice; it shows that nothing is lost any more.
func Still(node, what, command string) check.Remedy {
	return check.Remedy{
		Purpose: check.Verify, Text: fmt.Sprintf("Check %s while traffic flows: both answers must be the same", what), Node: node,
		Command: fmt.Sprintf("%s; sleep 10; %s", command, command),
	}
}
