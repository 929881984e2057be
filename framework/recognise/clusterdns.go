package recognise

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// corednsMetrics is where CoreDNS serves /metrics by default (CoreDNS plugin "prometheus").
const corednsMetrics = 9153

// DNS is the cluster DNS as kubectl names its objects.
type DNS struct {
	Namespace, Service string
	// Selector chooses its pods, as kubectl takes it ("k8s-app=kube-dns").
	Selector string
	// Kind is "deployment" or "daemonset"; Name is that of the workload, empty where it is not known.
	Kind, Name string
	// Config is the ConfigMap with the Corefile; empty where it is not known.
	Config string
}

// DaemonSet says whether the pods are those of a DaemonSet: their number is that of
// the nodes, and nothing spreads them.
func (d DNS) DaemonSet() bool { return d.Kind == "daemonset" }

// ClusterDNS says which objects the cluster DNS consists of. What the API server
// did not tell is as kubeadm makes it, in its namespace alone.
func ClusterDNS(s *facts.Snapshot) DNS {
	const space, service, selector, usual = "kube-system", "kube-dns", "k8s-app=kube-dns", "coredns"
	out := DNS{Namespace: space, Service: service, Selector: selector}
	if f := s.Cluster.DNSFound; f != nil {
		out.Namespace, out.Service, out.Config = f.Namespace, f.Name, f.Config
		out.Kind, out.Name, _ = strings.Cut(f.Workload, "/")
		if f.Selector != "" {
			out.Selector = f.Selector
		}
	} else if len(s.Cluster.DNSPods) > 0 {
		out.Namespace = s.Cluster.DNSPods[0].Namespace
	}
	if w := s.Cluster.DNSDeployment; w != nil && w.Name != "" {
		out.Kind, out.Name = "deployment", w.Name
		if w.Kind != "" {
			out.Kind = strings.ToLower(w.Kind)
		}
	}
	for _, p := range s.Cluster.DNSPods {
		if name, ok := strings.CutPrefix(p.Owner, "DaemonSet/"); ok && out.Name == "" {
			out.Kind, out.Name = "daemonset", name
		}
	}
	if out.Kind == "" {
		out.Kind = "deployment"
	}
	if out.Name == "" && out.Namespace == space && out.Service == service {
		out.Name = usual
	}
	if out.Config == "" && out.Namespace == space && out.Name == usual {
		out.Config = usual
	}
	return out
}

// DNSMetrics is the port at which the cluster DNS declares its metrics; CoreDNS's
// own where the facts are older than that.
func DNSMetrics(s *facts.Snapshot) facts.DeclaredPort {
	if f := s.Cluster.DNSFound; f != nil && f.Metrics != nil {
		return *f.Metrics
	}
	return facts.DeclaredPort{Port: corednsMetrics}
}
