// Package component holds the promises about the cluster's own network
// components.
package component

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{KubeProxy(), KubeProxyPriority(), CNI(), CNIConfig(), DNS(), Evictions()}
}

// replaced says what both checks answer where there is no kube-proxy to look
// at; ok is false where there is one, or should be.
func replaced(s *facts.Snapshot) (result check.Result, ok bool) {
	switch {
	case s.Cluster.KubeProxyExpected || len(s.Cluster.KubeProxy) > 0:
		return check.Result{}, false
	case s.Cluster.ProxyMode == "replaced":
		return check.Conclude(fmt.Sprintf("no kube-proxy here: %s serves the Services in its place", cniName(s)), nil), true
	}
	for _, e := range s.Cluster.Errors {
		if strings.Contains(e.What, "pods") || strings.Contains(e.What, "daemonsets") {
			return check.Unknownf("listing %s: %s", e.What, e.Says), true
		}
	}
	return check.Unknownf("there is no kube-proxy, and no network plugin that replaces it was recognised"), true
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
