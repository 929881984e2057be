// Package recognise says what a cluster's parts are by what they do: which
// distribution, what serves the Services, which nameservers pods are given. Names
// only confirm. It is pure, and judges older facts like new ones.
package recognise

import (
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// canReplace says whether the network plugin can serve Services in kube-proxy's place.
func canReplace(s *facts.Snapshot) bool { return cni.Of(s).ReplacesProxy }
