// Package recognise says what a cluster's parts are by what they do: which
// distribution, what serves the Services, which nameservers pods are given. Names
// only confirm. It is pure, and judges older facts like new ones.
package recognise

// canReplace says whether a network plugin can serve Services in kube-proxy's place.
func canReplace(plugin string) bool {
	for _, p := range []string{"cilium", "calico", "kube-router", "ovn-kubernetes", "antrea", "kube-ovn"} {
		if p == plugin {
			return true
		}
	}
	return false
}
