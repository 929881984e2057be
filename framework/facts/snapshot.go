package facts

import (
	"net/netip"
	"time"
)

// APIVersion and Kind name the format of facts.json.
const (
	APIVersion = "plumbline.dev/facts/v1"
	Kind       = "Snapshot"
)

// Snapshot is everything that was observed in one run: the content of facts.json.
type Snapshot struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Run        Run     `json:"run"`
	Cluster    Cluster `json:"cluster"`
	Nodes      []Node  `json:"nodes"`
	Service    Service `json:"service,omitzero"`
	// Further are the suite's other Services, one of each kind at most.
	Further  []Service  `json:"furtherServices,omitempty"`
	Hosts    []HostLook `json:"hosts,omitempty"`
	Matrices []Matrix   `json:"matrices,omitempty"`
	// Traces are flows that failed and were sent again while the nodes on their way
	// watched their interfaces, in the order in which they were sent.
	Traces []Trace `json:"traces,omitempty"`
	// PolicyTrial is what came of network policies that were tried; nil where no check asked for it.
	PolicyTrial *PolicyTrial `json:"policyTrial,omitempty"`
	Stats       Stats        `json:"stats"`
}

// Run is how the observation was made.
type Run struct {
	ID       string    `json:"id"`
	Suite    string    `json:"suite"` // version of plumbline
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// InCluster: the runner is a pod, so there is no vantage outside.
	InCluster bool `json:"inCluster"`
	// NoRunner says why there is no vantage outside the cluster; empty where there is one.
	NoRunner string `json:"noRunner,omitempty"`
	// Unprivileged: by choice nothing on the hosts was looked at.
	Unprivileged bool   `json:"unprivileged,omitempty"`
	Namespace    string `json:"namespace"`
	Image        string `json:"image"`
	// Checks selected, sorted by id: what was asked for is part of what was observed.
	Checks []string `json:"checks"`
	// IgnoreChecks are printed, accepted exceptions.
	IgnoreChecks []string `json:"ignoreChecks,omitempty"`
	FailOn       string   `json:"failOn,omitempty"`
	// Profile is the named selection that was asked for (smoke, acceptance).
	Profile string `json:"profile,omitempty"`
	// Config is what the configuration file asked for.
	Config *Config `json:"config,omitempty"`
	// Incomplete says why the observation ended early (interrupted, deadline, set-up died).
	Incomplete string `json:"incomplete,omitempty"`
	// Phases in order, with what went wrong in them.
	Problems []Error `json:"problems,omitempty"`
}

// Service is the suite's own NodePort Service.
type Service struct {
	Name string `json:"name,omitempty"` // "namespace/name"
	// Kind is empty for the first; "local" (externalTrafficPolicy Local), "hairpin"
	// (internalTrafficPolicy Local, every probe pod behind it), "affinity" (ClientIP),
	// "headless", and "many" (headless, with so many addresses that an answer is large).
	Kind        string   `json:"kind,omitempty"`
	ClusterIPs  []string `json:"clusterIPs,omitempty"`
	TCPPort     uint16   `json:"tcpPort,omitempty"`
	UDPPort     uint16   `json:"udpPort,omitempty"`
	TCPNodePort uint16   `json:"tcpNodePort,omitempty"`
	UDPNodePort uint16   `json:"udpNodePort,omitempty"`
	Backends    []string `json:"backends,omitempty"` // "pod/n1"
	// Addrs are the addresses that a headless Service must resolve to, sorted.
	Addrs []netip.Addr `json:"addrs,omitempty"`
	// AgeMillis is how long ago it was created when the probes were sent off.
	AgeMillis int    `json:"ageMillis,omitempty"`
	NotRun    string `json:"notRun,omitempty"`
}

// The kinds of further Services.
const (
	KindLocal    = "local"
	KindHairpin  = "hairpin"
	KindAffinity = "affinity"
	KindHeadless = "headless"
	KindMany     = "many"
)

// FurtherService finds one of the suite's other Services; nil where there is none.
func (s *Snapshot) FurtherService(kind string) *Service {
	for i := range s.Further {
		if s.Further[i].Kind == kind {
			return &s.Further[i]
		}
	}
	return nil
}

// Configured is the configuration of the run, empty where there is none.
func (s *Snapshot) Configured() Config {
	if s.Run.Config == nil {
		return Config{}
	}
	return *s.Run.Config
}

// Stats is what the observation cost.
type Stats struct {
	Phases       []Phase `json:"phases,omitempty"`
	Execs        int     `json:"execs"`        // exec calls through the API server
	ExecsPerNode int     `json:"execsPerNode"` // the most that one node saw
	LogReads     int     `json:"logReads"`
	APIRequests  int     `json:"apiRequests"`
	Probes       int     `json:"probes"` // attempts sent
	Bytes        int     `json:"bytes"`  // read from agents
}

// Has says whether the Service has an address of the family, hence NodePorts in it.
func (s Service) Has(f Family) bool {
	for _, ip := range s.ClusterIPs {
		addr, err := netip.ParseAddr(ip)
		if err == nil && addr.Unmap().Is4() == (f == IPv4) {
			return true
		}
	}
	return false
}

// Phase is one part of the run.
type Phase struct {
	Name   string `json:"name"`
	Millis int    `json:"millis"`
}

// Matrix finds a flow; nil where it was not asked.
func (s *Snapshot) Matrix(f Flow) *Matrix {
	for i := range s.Matrices {
		if s.Matrices[i].Flow == f {
			return &s.Matrices[i]
		}
	}
	return nil
}

// Host finds one look at a node; nil where there was none.
func (s *Snapshot) Host(node string, look Look) *HostLook {
	for i := range s.Hosts {
		if s.Hosts[i].Node == node && s.Hosts[i].Look == look {
			return &s.Hosts[i]
		}
	}
	return nil
}

// Node finds a node by name; nil where there is none.
func (s *Snapshot) Node(name string) *Node {
	for i := range s.Nodes {
		if s.Nodes[i].Name == name {
			return &s.Nodes[i]
		}
	}
	return nil
}

// Selected are the nodes under test, in the order of the snapshot (by name).
func (s *Snapshot) Selected() []Node {
	var out []Node
	for _, n := range s.Nodes {
		if n.Excluded == "" {
			out = append(out, n)
		}
	}
	return out
}
