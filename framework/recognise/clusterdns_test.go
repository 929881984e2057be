package recognise_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

func TestTheClusterDNSIsNamedAsTheDistributionNamesIt(t *testing.T) {
	kubeadm := recognise.DNS{Namespace: "kube-system", Service: "kube-dns", Selector: "k8s-app=kube-dns", Kind: "deployment", Name: "coredns", Config: "coredns"}
	rke2 := recognise.DNS{
		Namespace: "kube-system", Service: "rke2-coredns-rke2-coredns", Selector: "app.kubernetes.io/instance=rke2-coredns,k8s-app=kube-dns",
		Kind: "deployment", Name: "rke2-coredns-rke2-coredns", Config: "rke2-coredns-rke2-coredns",
	}
	openshift := recognise.DNS{
		Namespace: "openshift-dns", Service: "dns-default", Selector: "dns.operator.openshift.io/daemonset-dns=default",
		Kind: "daemonset", Name: "dns-default", Config: "dns-default",
	}
	found := func(d recognise.DNS) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.Cluster.DNSDeployment = nil
			s.Cluster.DNSFound = &facts.DNSFound{Namespace: d.Namespace, Name: d.Service, Selector: d.Selector, Workload: d.Kind + "/" + d.Name, Config: d.Config}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*facts.Snapshot)
		want   recognise.DNS
	}{
		{"older facts", func(*facts.Snapshot) {}, kubeadm},
		{"nothing listed", func(s *facts.Snapshot) { s.Cluster.DNSDeployment, s.Cluster.DNSPods = nil, nil }, kubeadm},
		{"k3s, MicroK8s, k0s", found(kubeadm), kubeadm},
		{"RKE2", found(rke2), rke2},
		{"OpenShift", found(openshift), openshift},
		{"the pods of a DaemonSet, in older facts", func(s *facts.Snapshot) {
			s.Cluster.DNSDeployment = nil
			for i := range s.Cluster.DNSPods {
				s.Cluster.DNSPods[i].Owner, s.Cluster.DNSPods[i].Namespace = "DaemonSet/dns-default", "openshift-dns"
			}
		}, recognise.DNS{Namespace: "openshift-dns", Service: "kube-dns", Selector: "k8s-app=kube-dns", Kind: "daemonset", Name: "dns-default"}},
		{"another namespace, the workload not told", func(s *facts.Snapshot) {
			s.Cluster.DNSDeployment = nil
			s.Cluster.DNSFound = &facts.DNSFound{Namespace: "cluster-dns", Name: "kube-dns", Selector: "app=dns"}
		}, recognise.DNS{Namespace: "cluster-dns", Service: "kube-dns", Selector: "app=dns", Kind: "deployment"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(2)
			c.change(s)
			if got := recognise.ClusterDNS(s); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
