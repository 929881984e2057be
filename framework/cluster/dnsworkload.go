package cluster

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const dnsWorkloadOf = "Deployment of the cluster DNS"

// dnsWorkload follows the owners of the DNS pods: ReplicaSet, then Deployment; or a
// DaemonSet. Where there is no pod left, the Deployment is looked for by what the
// Service selects.
func (d *discovery) dnsWorkload(s *corev1.Service) {
	apps := d.client.Set.AppsV1()
	for _, p := range d.out.DNSPods {
		switch kind, name, _ := strings.Cut(p.Owner, "/"); kind {
		case "DaemonSet":
			set, err := apps.DaemonSets(metav1.NamespaceAll).List(d.ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
			if d.failed(dnsWorkloadOf, err) {
				return
			}
			for i := range set.Items {
				if set.Items[i].Namespace == p.Namespace && set.Items[i].Name == name {
					d.dnsIs(daemonSet(&set.Items[i]), &set.Items[i].Spec.Template.Spec)
				}
			}
			return
		case "ReplicaSet":
			set, err := apps.ReplicaSets(p.Namespace).Get(d.ctx, name, metav1.GetOptions{})
			if d.failed(dnsWorkloadOf, err) {
				return
			}
			owner := metav1.GetControllerOf(set)
			if owner == nil || owner.Kind != "Deployment" {
				continue
			}
			deployment, err := apps.Deployments(p.Namespace).Get(d.ctx, owner.Name, metav1.GetOptions{})
			if !d.failed(dnsWorkloadOf, err) {
				d.dnsIs(workload(deployment), &deployment.Spec.Template.Spec)
			}
			return
		}
	}
	if len(s.Spec.Selector) == 0 {
		return
	}
	list, err := apps.Deployments(s.Namespace).List(d.ctx, metav1.ListOptions{})
	if d.failed(dnsWorkloadOf, err) {
		return
	}
	selects := labels.SelectorFromSet(s.Spec.Selector)
	for i := range list.Items {
		if selects.Matches(labels.Set(list.Items[i].Spec.Template.Labels)) {
			d.dnsIs(workload(&list.Items[i]), &list.Items[i].Spec.Template.Spec)
			return
		}
	}
}

func (d *discovery) dnsIs(w *facts.Workload, pod *corev1.PodSpec) {
	d.out.DNSDeployment = w
	kind := "deployment"
	if w.Kind != "" {
		kind = strings.ToLower(w.Kind)
	}
	d.out.DNSFound.Workload = kind + "/" + w.Name
	d.out.DNSFound.Config = corefileConfig(pod)
}

// corefileConfig is the ConfigMap of which a pod mounts the key Corefile, else the
// only ConfigMap that it mounts.
func corefileConfig(pod *corev1.PodSpec) string {
	var all []string
	for _, v := range pod.Volumes {
		if v.ConfigMap == nil {
			continue
		}
		if slices.ContainsFunc(v.ConfigMap.Items, func(k corev1.KeyToPath) bool { return k.Key == "Corefile" }) {
			return v.ConfigMap.Name
		}
		all = append(all, v.ConfigMap.Name)
	}
	if len(all) == 1 {
		return all[0]
	}
	return ""
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

func daemonSet(d *appsv1.DaemonSet) *facts.Workload {
	return &facts.Workload{
		Kind: "DaemonSet", Namespace: d.Namespace, Name: d.Name, Desired: int(d.Status.DesiredNumberScheduled),
		Ready: int(d.Status.NumberReady), Available: int(d.Status.NumberAvailable), Updated: int(d.Status.UpdatedNumberScheduled),
	}
}

// dnsCache notes a DaemonSet that serves DNS on the hosts' own network. It is known
// by what it is told: the addresses at which it listens (-localip of node-cache), the
// port 53 of its pods, or a CoreDNS configuration; its name says nothing.
func (d *discovery) dnsCache(set *appsv1.DaemonSet) {
	spec := set.Spec.Template.Spec
	if !spec.HostNetwork {
		return
	}
	var addrs []netip.Addr
	serves, told := false, false
	for _, c := range spec.Containers {
		for _, p := range c.Ports {
			serves = serves || p.ContainerPort == dnsPort
		}
		words := slices.Concat(c.Command, c.Args)
		for i, w := range words {
			serves = serves || path.Base(w) == "Corefile"
			name, value, joined := strings.Cut(strings.TrimLeft(w, "-"), "=")
			if name != "localip" {
				continue
			}
			told = true
			if !joined && i+1 < len(words) {
				value = words[i+1]
			}
			for _, text := range strings.Split(value, ",") {
				if a, err := netip.ParseAddr(text); err == nil {
					addrs = append(addrs, a)
				}
			}
		}
	}
	if !serves && !told {
		return
	}
	cache := facts.DNSCache{Namespace: set.Namespace, Name: set.Name, Addrs: addrs}
	pods, err := d.client.PluginPods(d.ctx, pluginOf(set))
	if !d.failed("pods of the node-local DNS cache", err) {
		cache.Pods = pods
	}
	d.out.DNSCaches = append(d.out.DNSCaches, cache)
}
