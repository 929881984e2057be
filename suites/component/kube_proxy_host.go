package component

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// proxyOnHosts judges a kube-proxy that no pod shows: a service of the host, or a
// part of the distribution's own process. Its health port, its mode port and its
// rules tell whether it runs.
func proxyOnHosts(s *facts.Snapshot, p recognise.Proxy) check.Result {
	if s.Run.Unprivileged {
		return check.Skipf("kube-proxy has no pod here, and host access was refused (--unprivileged)")
	}
	nodes := s.Selected()
	var findings []check.Finding
	for _, n := range nodes {
		if f, bad := proxyOnHost(s, n.Name); bad {
			findings = append(findings, heardOf(n, f))
		}
	}
	findings = append(findings, symptom.Findings(ownWords(s, nodes))...)
	what := "is a service of the host, without a pod"
	switch {
	case p.Form == recognise.Embedded:
		what = "is a part of " + p.Distribution.Name + "'s own process, without a pod"
	case refusedPods(s):
		what = "has pods that could not be listed, or none"
	}
	return check.Conclude(fmt.Sprintf("kube-proxy %s; it responds, or its rules are current, on %d of %d nodes",
		what, check.Clean(nodes, findings), len(nodes)), findings)
}

// proxyOnHost judges one node. A process that is stuck still has its port: that is
// what ownWords says of it.
func proxyOnHost(s *facts.Snapshot, node string) (check.Finding, bool) {
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Fail}
	seen := recognise.OnHost(s, node)
	first, last := s.Host(node, facts.First), s.Host(node, facts.Last)
	ran := responds(first)
	switch {
	case !seen.Looked:
		f.Verdict, f.Says = check.Unknown, "whether kube-proxy works here is not known: the host was not looked at"
		return f, true
	case seen.Health || seen.Mode != "":
		if last != nil && !ran && first != nil && first.NotRun == "" && answer(first) != nil {
			f.Verdict = check.Warn
			f.Says = "kube-proxy did not respond here when the run began, and does at the end of the run: it has just been started"
			f.Remedy = proxyVerify(node)
			return f, true
		}
		return f, false
	case silent(answer(last)) || silent(answer(first)) || seen.Current:
		return f, false
	}
	f.Says = "no kube-proxy runs on this node: nothing responds at 127.0.0.1:10256 and 127.0.0.1:10249"
	switch {
	case seen.Telling && seen.Rules == "":
		f.Says += ", and there are no rules of kube-proxy"
	case seen.Telling:
		f.Says += ", and its rules do not have the suite's own Services"
	}
	switch {
	case ran:
		f.Says += "; it responded when the run began"
	case answer(first) != nil:
		f.Kind = check.ProxyAbsent
	}
	for _, h := range []*facts.HostLook{first, last} {
		if a := answer(h); a != nil {
			f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: fmt.Sprintf("%s (%s)", a.Path, h.Look), Text: strings.TrimSpace(a.Text + a.NotRun)})
		}
	}
	f.Remedy = append([]check.Remedy{remedies.ProxyState(s, node), remedies.RestartProxy(s, node)}, proxyVerify(node)...)
	return f, true
}

func responds(h *facts.HostLook) bool {
	a := answer(h)
	return a != nil && a.NotRun == "" || recognise.Mode(h) != ""
}

func proxyVerify(node string) []check.Remedy {
	return []check.Remedy{{
		Purpose: check.Verify, Text: "Check its health: this must print 200", Node: node,
		Command: "curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:10256/healthz",
	}}
}

// proxyMissing: nobody serves the Services of this cluster.
func proxyMissing(s *facts.Snapshot, p recognise.Proxy) check.Result {
	f := check.Finding{
		Subject: "kube-proxy", Nodes: []string{}, Verdict: check.Fail,
		Says: "no kube-proxy runs on any node: it has no pod, nothing responds at its ports, and no network plugin serves the Services in its place",
		Remedy: []check.Remedy{
			{
				Purpose: check.Find, Text: "Is its DaemonSet gone, or its service on the hosts?",
				Command: "kubectl get daemonsets,pods -A -o wide | grep -i proxy; kubectl -n kube-system get configmap kube-proxy",
			},
			{Text: "Where kubeadm made the cluster: create the DaemonSet again, with the ConfigMap that is there", Command: "kubeadm init phase addon kube-proxy --kubeconfig /etc/kubernetes/admin.conf"},
			remedies.Again("component/kube-proxy", "service/*"),
		},
	}
	for _, n := range s.Selected() {
		f.Nodes = append(f.Nodes, n.Name)
	}
	for _, by := range p.By {
		f.Evidence = append(f.Evidence, check.Evidence{Source: "cluster", Text: by})
	}
	return check.Conclude("no kube-proxy on any node", []check.Finding{f})
}
