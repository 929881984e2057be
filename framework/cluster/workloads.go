package cluster

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// workloads are kube-proxy, node-local DNS caches and the agent of the CNI.
func (d *discovery) workloads() {
	if pods, err := d.client.KubeProxies(d.ctx); !d.failed("pods of kube-proxy", err) {
		d.out.KubeProxy = pods
	}
	sets, err := d.client.Set.AppsV1().DaemonSets(metav1.NamespaceAll).List(d.ctx, metav1.ListOptions{})
	if d.failed("DaemonSets", err) {
		return
	}
	for i := range sets.Items {
		d.daemonSet(&sets.Items[i])
	}
	if !d.plugin.Known() {
		return
	}
	if pods, err := d.client.PluginPods(d.ctx, d.plugin); !d.failed("pods of the network plugin", err) {
		d.out.CNIPods = pods
	}
}

func (d *discovery) daemonSet(set *appsv1.DaemonSet) {
	if set.Namespace == metav1.NamespaceSystem && set.Name == kubeProxy || runsKubeProxy(set.Spec.Template.Spec) {
		d.out.KubeProxyExpected = true
	}
	d.dnsCache(set)
	if p, ok := cni.ByDaemonSet(set.Name); ok && d.out.CNI == "" {
		d.out.CNI, d.plugin = p.Word, pluginOf(set)
		d.out.CNIExpected = true
	}
}

const kubeProxy = "kube-proxy"

// proxyLabels are those that distributions give to their pods of kube-proxy:
// kubeadm and EKS; RKE2, GKE and AKS; OpenShift.
func proxyLabels() []string {
	return []string{"k8s-app=kube-proxy", "component=kube-proxy", "app=kube-proxy"}
}

// KubeProxies lists the pods of kube-proxy, of a DaemonSet or static ones, in any
// namespace; where that is refused, those of kube-system.
func (c *Client) KubeProxies(ctx context.Context) ([]facts.Pod, error) {
	out := []facts.Pod{}
	known := map[string]bool{}
	for _, selector := range proxyLabels() {
		options := metav1.ListOptions{LabelSelector: selector}
		pods, err := c.Set.CoreV1().Pods(metav1.NamespaceAll).List(ctx, options)
		if apierrors.IsForbidden(err) {
			pods, err = c.Set.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, options)
		}
		if err != nil {
			return nil, fmt.Errorf("listing the pods of kube-proxy: %w", err)
		}
		for i := range pods.Items {
			p := &pods.Items[i]
			// Only the first label is kube-proxy's own; others may be anybody's.
			if known[string(p.UID)+p.Namespace+"/"+p.Name] || selector != proxyLabels()[0] && !runsKubeProxy(p.Spec) {
				continue
			}
			known[string(p.UID)+p.Namespace+"/"+p.Name] = true
			out = append(out, podFacts(p))
		}
	}
	sortPods(out)
	return out, nil
}

// runsKubeProxy says whether a container is kube-proxy by its image or its command.
func runsKubeProxy(spec corev1.PodSpec) bool {
	return slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool {
		image, _, _ := strings.Cut(path.Base(c.Image), ":")
		image, _, _ = strings.Cut(image, "@")
		if strings.HasPrefix(image, kubeProxy) {
			return true
		}
		return slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(w string) bool {
			first, _, _ := strings.Cut(strings.TrimSpace(w), " ")
			return path.Base(first) == kubeProxy
		})
	})
}
