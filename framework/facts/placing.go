package facts

import "time"

// Kept says who keeps an agent's pod from its node, where it is not the node itself.
type Kept string

// Who keeps a pod away.
const (
	// KeptNotCreated: the DaemonSet controller has not taken up the DaemonSet
	// (status.observedGeneration is behind), so no pod was made for any node.
	KeptNotCreated Kept = "notCreated"
	// KeptNotScheduled: the scheduler has not looked at the pod (no PodScheduled condition).
	KeptNotScheduled Kept = "notScheduled"
	// KeptRefused: the API server refused the pods (admission, quota).
	KeptRefused Kept = "refused"
)

// The leases by which parts of the control plane say that they act.
const (
	LeaseController = "kube-controller-manager"
	LeaseScheduler  = "kube-scheduler"
)

// Lease is one of them (coordination.k8s.io/v1, namespace kube-system). Where the
// control plane is hidden, or has other names, there is none, and that says nothing.
type Lease struct {
	Name    string    `json:"name"`
	Holder  string    `json:"holder,omitempty"`
	Renewed time.Time `json:"renewed,omitzero"`
	// Seconds is how long the holder may go without renewing it.
	Seconds int `json:"seconds,omitempty"`
	// StillSeconds is how long the runner saw it unrenewed, by its own clock.
	StillSeconds int `json:"stillSeconds,omitempty"`
}

// Lapsed: nobody renewed it for longer than it holds, as the runner saw itself.
func (l Lease) Lapsed() bool { return l.Seconds > 0 && l.StillSeconds > l.Seconds }

// Lease gives one of the leases that were read, or nil.
func (c *Cluster) Lease(name string) *Lease {
	for i := range c.Leases {
		if c.Leases[i].Name == name {
			return &c.Leases[i]
		}
	}
	return nil
}

// Lease is the name of the lease of whoever has to act; empty where that is nobody of the control plane.
func (k Kept) Lease() string {
	switch k {
	case KeptNotCreated:
		return LeaseController
	case KeptNotScheduled:
		return LeaseScheduler
	case KeptRefused:
	}
	return ""
}
