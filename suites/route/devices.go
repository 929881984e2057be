package route

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/cni"
)

// ownDevice says whether a device is one by which network plugins and service
// proxies lead packets for the cluster's ranges, by its name: kube-proxy's (ipvs),
// that of NodeLocal DNS, and those of the plugins.
func ownDevice(name string) bool {
	if p, d, ok := cni.ByDevice(name); ok {
		return d.Role != cni.Bridge || len(p.DaemonSets) > 0
	}
	return slices.ContainsFunc([]string{"kube-ipvs", "nodelocaldns"}, func(stem string) bool { return strings.HasPrefix(name, stem) })
}
