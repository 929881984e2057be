package cluster

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// workloads are kube-proxy, the cluster DNS and the agent of the CNI.
func (d *discovery) workloads() {
	d.componentPods()
	d.dnsDeployment()
	sets, err := d.client.Set.AppsV1().DaemonSets(metav1.NamespaceAll).List(d.ctx, metav1.ListOptions{})
	if d.failed("DaemonSets", err) {
		return
	}
	for i := range sets.Items {
		name := sets.Items[i].Name
		if sets.Items[i].Namespace == metav1.NamespaceSystem && name == "kube-proxy" {
			d.out.KubeProxyExpected = true
		}
		if p, ok := cni.ByDaemonSet(name); ok && d.out.CNI == "" {
			d.out.CNI, d.plugin = p.Word, pluginOf(&sets.Items[i])
			d.out.CNIExpected = true
		}
	}
	if !d.plugin.Known() {
		return
	}
	if pods, err := d.client.PluginPods(d.ctx, d.plugin); !d.failed("pods of the network plugin", err) {
		d.out.CNIPods = pods
	}
}

func (d *discovery) componentPods() {
	pods, err := d.client.Set.CoreV1().Pods(metav1.NamespaceSystem).List(d.ctx, metav1.ListOptions{LabelSelector: "k8s-app in (kube-dns, kube-proxy)"})
	if d.failed("pods of kube-system", err) {
		return
	}
	for i := range pods.Items {
		p := &pods.Items[i]
		switch {
		case p.Labels["k8s-app"] == "kube-proxy":
			d.out.KubeProxy = append(d.out.KubeProxy, podFacts(p))
		case p.DeletionTimestamp == nil:
			// A replica that is being deleted has left the Service, and may go at any
			// moment: its silence would say nothing.
			d.out.DNSPods = append(d.out.DNSPods, podFacts(p))
		}
	}
	sortPods(d.out.DNSPods)
	sortPods(d.out.KubeProxy)
}

// dnsDeployment follows the owners of the DNS pods: ReplicaSet, then Deployment.
// Where there is no pod left, the Deployment is looked for by the label of the Service.
func (d *discovery) dnsDeployment() {
	const what = "Deployment of the cluster DNS"
	apps := d.client.Set.AppsV1()
	for _, p := range d.out.DNSPods {
		kind, name, _ := strings.Cut(p.Owner, "/")
		if kind != "ReplicaSet" {
			continue
		}
		set, err := apps.ReplicaSets(p.Namespace).Get(d.ctx, name, metav1.GetOptions{})
		if d.failed(what, err) {
			return
		}
		owner := metav1.GetControllerOf(set)
		if owner == nil || owner.Kind != "Deployment" {
			continue
		}
		deployment, err := apps.Deployments(p.Namespace).Get(d.ctx, owner.Name, metav1.GetOptions{})
		if !d.failed(what, err) {
			d.out.DNSDeployment = workload(deployment)
		}
		return
	}
	list, err := apps.Deployments(metav1.NamespaceSystem).List(d.ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if !d.failed(what, err) && len(list.Items) > 0 {
		d.out.DNSDeployment = workload(&list.Items[0])
	}
}

func workload(d *appsv1.Deployment) *facts.Workload {
	out := &facts.Workload{
		Namespace: d.Namespace, Name: d.Name, Desired: 1, // the API's default
		Ready: int(d.Status.ReadyReplicas), Available: int(d.Status.AvailableReplicas), Updated: int(d.Status.UpdatedReplicas),
	}
	if d.Spec.Replicas != nil {
		out.Desired = int(*d.Spec.Replicas)
	}
	return out
}
