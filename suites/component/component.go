// Package component holds the promises about the cluster's own network
// components.
package component

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{KubeProxy(), KubeProxyPriority(), CNI(), CNIConfig(), DNS(), Evictions()}
}

// noProxyPod is what is known where no pod and no DaemonSet of kube-proxy is; the
// second result is false where there is one, or nothing tells.
func noProxyPod(s *facts.Snapshot) (recognise.Proxy, bool) {
	p := recognise.ServiceProxy(s)
	return p, p.Form != recognise.InPods && p.Form != recognise.StaticPods
}

// unseenProxy is the result where neither the API server nor any host tells of one.
func unseenProxy(s *facts.Snapshot) check.Result {
	for _, what := range proxyLists() {
		if why, bad := refused(s, what); bad {
			return check.Unknownf("%s", why)
		}
	}
	if s.Run.Unprivileged {
		return check.Skipf("kube-proxy has no pod here, and host access was refused (--unprivileged)")
	}
	return check.Unknownf("there is no pod of kube-proxy, and no host was looked at")
}

// proxyLists are those in which a kube-proxy with pods would have been, in the
// words of today's facts and of earlier ones.
func proxyLists() []string {
	return []string{"pods of kube-proxy", "pods of kube-system", "DaemonSets"}
}

// refusedPods says whether a kube-proxy may have pods that were not seen.
func refusedPods(s *facts.Snapshot) bool {
	for _, what := range proxyLists() {
		if _, bad := refused(s, what); bad {
			return true
		}
	}
	return false
}

func cniName(s *facts.Snapshot) string {
	if s.Cluster.CNI == "" {
		return "the network plugin"
	}
	return s.Cluster.CNI
}

// newest are the pods of a DaemonSet as they were seen last, those left out that
// are being deleted: during a rollout, and for a while after it, the old pods are
// still listed with the settings that were just corrected.
func newest(first, last []facts.Pod) []facts.Pod {
	pods := first
	if len(last) > 0 {
		pods = last
	}
	return slices.DeleteFunc(slices.Clone(pods), func(p facts.Pod) bool { return p.Terminating })
}
