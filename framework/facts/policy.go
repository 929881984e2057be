package facts

// Policies are the objects by which somebody restricts the traffic of pods, as the
// API server listed them before the probes and at the end.
type Policies struct {
	// Kinds are those that this API server has, sorted.
	Kinds []PolicyKind `json:"kinds,omitempty"`
	// Selecting are those that select pods of the suite, sorted.
	Selecting []Policy `json:"selecting,omitempty"`
}

// PolicyKind is one kind of such objects.
type PolicyKind struct {
	Group   string `json:"group"`
	Version string `json:"version,omitempty"`
	Kind    string `json:"kind"`
	Count   int    `json:"count,omitempty"`
	// Namespaces is in how many namespaces they are; 0 for a kind without namespaces.
	Namespaces int `json:"namespaces,omitempty"`
	// Names are the first of them, sorted: "namespace/name".
	Names []string `json:"names,omitempty"`
	// NotRun says why they were not listed.
	NotRun string `json:"notRun,omitempty"`
}

// Policy is one object that selects pods of the suite.
type Policy struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Resource  string `json:"resource"` // "networkpolicies"
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Selector is how it selects pods, as it is written.
	Selector string `json:"selector,omitempty"`
	// Ingress and Egress are what it does to the connections to and from these pods.
	Ingress Restriction `json:"ingress,omitempty"`
	Egress  Restriction `json:"egress,omitempty"`
	// Unread says which part of its selector was not understood; it may select our pods.
	Unread string `json:"unread,omitempty"`
	// Late: it was not there yet when the probes were sent.
	Late bool `json:"late,omitempty"`
}

// Restriction is what a policy does to the connections of one direction.
type Restriction string

// The restrictions. The zero value restricts nothing.
const (
	RestrictAll   Restriction = "all"   // no rule of it permits anything
	RestrictRules Restriction = "rules" // its rules say what is permitted, or denied
)

// Exist is how many policies there are of all kinds that were listed.
func (p *Policies) Exist() int {
	n := 0
	if p != nil {
		for _, k := range p.Kinds {
			n += k.Count
		}
	}
	return n
}

// Plain is the name of a policy as people write it: "NetworkPolicy shop/default-deny".
func (p Policy) Plain() string {
	if p.Namespace == "" {
		return p.Kind + " " + p.Name
	}
	return p.Kind + " " + p.Namespace + "/" + p.Name
}
