package diagnose

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
)

func refusedSteps(host string, port uint16) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "On the machine that has the address: does anything listen there, or does a rule refuse in its name?", Command: fmt.Sprintf("ss -ltnp 'sport = :%d'; iptables-save -c | grep -nE 'REJECT.*|dport %[1]d'", port)},
		{Text: "Start the service there, or correct the target in its users' configuration; a refusal is an answer, so the way is open"},
		reconnect(host, port),
	}
}

func silentSteps(host string, port uint16) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "Walk the way with the very port: the last router that answers stands before what drops it", Command: fmt.Sprintf("mtr -n -T -P %d -r -c 10 %s || tcptraceroute -n %[2]s %[1]d", port, host)},
		{Purpose: check.Find, Text: "On the machine that has the address: do the packets arrive?", Command: fmt.Sprintf("tcpdump -ni any -c 10 'tcp dst port %d'; iptables-save -c | grep -nE 'dport %[1]d'", port)},
		{Text: fmt.Sprintf("Let TCP port %d in from the nodes: in the firewall of the target, or in the one between", port)},
		reconnect(host, port),
	}
}

func nameSteps(host string, port uint16) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "Ask the resolver of the nodes directly: NXDOMAIN means there is no such name, SERVFAIL or silence that the resolver has trouble", Command: fmt.Sprintf("dig +tries=1 +time=2 %s. A; dig +trace %[1]s. A | tail", host)},
		{Text: "Correct the name where it is configured, or add it to its zone"},
		reconnect(host, port),
	}
}

func reconnect(host string, port uint16) check.Remedy {
	return check.Remedy{Purpose: check.Verify, Text: "Check by connecting again", Command: fmt.Sprintf("timeout 5 bash -c '</dev/tcp/%s/%d' && echo connected", host, port)}
}
