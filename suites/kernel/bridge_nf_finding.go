package kernel

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// judgeBridge judges a switch by both looks: a 0 at either is a fault, because
// what wrote 1 in between will not be there when the node starts again.
func judgeBridge(s *facts.Snapshot, b bridgeSetting, first, last *facts.HostLook) []symptom.Symptom {
	before, after := bridgeValue(first, b.sysctl), bridgeValue(last, b.sysctl)
	out := symptom.Symptom{Node: b.node, Thing: b.sysctl, Verdict: check.Fail, Evidence: b.evidence(before, after)}
	switch {
	case off(before) && after == "1":
		out.Says = fmt.Sprintf("%s was %s at the first look and is 1 at the last", b.sysctl, before)
	case before == "1" && off(after):
		out.Says = fmt.Sprintf("%s was 1 at the first look and is %s at the last", b.sysctl, after)
	case off(before) || off(after):
		out.Says = fmt.Sprintf("%s is %s", b.sysctl, wordOr(after, before))
	case first != nil && before == untold, last != nil && after == untold:
		return []symptom.Symptom{symptom.Unknown(b.node, b.sysctl+" could not be read in this node's network namespace")}
	default:
		return nil // 1 at every look there was
	}
	out.Kind = out.Says
	missing := before == notLoaded || after == notLoaded
	if missing {
		out.Says += " (the module br_netfilter is not loaded)"
	}
	out.Says += fmt.Sprintf(": an answer that goes from pod to pod through the bridge %s passes no rule, so it is not translated back, "+
		"and a Service whose backend is on the client's own node does not answer", b.bridge)
	if recognise.ProxyMode(s) == "" && !s.Cluster.KubeProxyExpected {
		out.Verdict = check.Warn
		out.Says += "; it is not known whether kube-proxy serves the Services here"
	}
	out.Remedy = b.remedy(s, missing)
	return []symptom.Symptom{out}
}

func off(value string) bool { return value == "0" || value == notLoaded }

func (b bridgeSetting) evidence(before, after string) []check.Evidence {
	var out []check.Evidence
	for _, v := range []struct{ look, value string }{{"first", before}, {"last", after}} {
		if v.value != untold {
			out = append(out, check.Evidence{Node: b.node, Source: fmt.Sprintf("sysctl %s (%s look)", b.sysctl, v.look), Text: v.value})
		}
	}
	return out
}

func (b bridgeSetting) remedy(s *facts.Snapshot, missing bool) []check.Remedy {
	var out []check.Remedy
	if missing {
		out = append(out,
			check.Remedy{Text: "Load the module", Node: b.node, Command: "modprobe br_netfilter"},
			check.Remedy{Purpose: check.Last, Text: "Load the module at every start", Node: b.node, Command: "echo br_netfilter > /etc/modules-load.d/br_netfilter.conf"})
	}
	on := remedies.Setting{Name: b.sysctl, Value: "1"}
	out = append(out, remedies.Set(b.node, "Switch it on now", on))
	out = append(out, remedies.Keep(s, b.node, "bridge-nf", on)...)
	return append(out,
		check.Remedy{
			Purpose: check.Find, Text: "See which file sets it to 0, if one does", Node: b.node,
			Command: "grep -rsn 'bridge-nf-call' /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
		},
		check.Remedy{Purpose: check.Verify, Text: "Check the setting: this must print 1", Node: b.node, Command: "sysctl -n " + b.sysctl})
}
