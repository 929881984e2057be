package remedies

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// ClusterDNS renders the commands about the cluster DNS, in its own namespace and
// with its own labels and workload.
type ClusterDNS struct{ recognise.DNS }

// DNS is the cluster DNS of a snapshot.
func DNS(s *facts.Snapshot) ClusterDNS { return ClusterDNS{recognise.ClusterDNS(s)} }

func (d ClusterDNS) kubectl(format string, args ...any) string {
	return "kubectl -n " + d.Namespace + " " + fmt.Sprintf(format, args...)
}

// Pods lists the replicas with their nodes.
func (d ClusterDNS) Pods() string { return d.kubectl("get pods -l %s -o wide", d.Selector) }

// Classes lists the replicas with their nodes and priority classes.
func (d ClusterDNS) Classes() string {
	return d.kubectl("get pods -l %s -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,CLASS:.spec.priorityClassName", d.Selector)
}

// Describe is what Kubernetes says of the replicas.
func (d ClusterDNS) Describe() string { return d.kubectl("describe pods -l %s", d.Selector) }

// Logs are the last lines of each replica.
func (d ClusterDNS) Logs(lines int) string {
	return d.kubectl("logs -l %s --tail=%d --prefix", d.Selector, lines)
}

// Top is what the replicas use.
func (d ClusterDNS) Top() string { return d.kubectl("top pods -l %s", d.Selector) }

// Endpoints are the slices behind the Service.
func (d ClusterDNS) Endpoints() string {
	return d.kubectl("get endpointslices -l kubernetes.io/service-name=%s -o wide", d.Service)
}

// Workload is "deployment coredns", or the kind with the labels where no name is known.
func (d ClusterDNS) Workload() string {
	if d.Name == "" {
		return d.Kind + " -l " + d.Selector
	}
	return d.Kind + " " + d.Name
}

// Shown lists the workload, its pods and the newest events.
func (d ClusterDNS) Shown() string {
	return d.kubectl("get %s -o wide; ", d.Workload()) + d.Pods() + "; " + d.kubectl("get events --sort-by=.lastTimestamp | tail")
}

// Rollout is a step of the workload's roll-out: restart, undo, status.
func (d ClusterDNS) Rollout(verb string) string {
	return d.kubectl("rollout %s %s", verb, d.Workload())
}

// Patch changes the workload by a merge.
func (d ClusterDNS) Patch(merge string) string {
	return d.kubectl("patch %s --type merge -p '%s'", d.Workload(), merge)
}

// SpreadPatch is the merge that spreads the replicas over the nodes.
func (d ClusterDNS) SpreadPatch() string {
	labels := map[string]string{}
	for _, pair := range strings.Split(d.Selector, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			labels[key] = value
		}
	}
	match, _ := json.Marshal(labels) //nolint:errchkjson // strings alone
	return `{"spec":{"template":{"spec":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"kubernetes.io/hostname",` +
		`"whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":` + string(match) + `}}]}}}}`
}

// Enough asks for two replicas; a DaemonSet has as many as nodes that it selects.
func (d ClusterDNS) Enough(text string) check.Remedy {
	if d.DaemonSet() {
		return check.Remedy{
			Purpose: check.Find, Text: "See which nodes the DaemonSet selects and tolerates, and what keeps its pods from the others",
			Command: d.kubectl("describe %s", d.Workload()),
		}
	}
	return check.Remedy{Text: text, Command: d.kubectl("scale %s --replicas=2", d.Workload())}
}

// Restart recreates the replicas, one by one.
func (d ClusterDNS) Restart(text string) check.Remedy {
	return check.Remedy{Text: text, Command: d.Rollout("restart")}
}

// Corefile prints the ConfigMap of the Corefile, or the names of the ConfigMaps
// that the pods mount where it is not known.
func (d ClusterDNS) Corefile() string {
	if d.Config == "" {
		return d.kubectl("get pods -l %s -o jsonpath='{.items[*].spec.volumes[*].configMap.name}'; ", d.Selector) + d.kubectl("get configmaps -o yaml")
	}
	return d.kubectl("get configmap %s -o yaml", d.Config)
}

// EditCorefile opens the ConfigMap of the Corefile.
func (d ClusterDNS) EditCorefile() string {
	if d.Config == "" {
		return d.kubectl("edit configmap $(kubectl -n %s get pods -l %s -o jsonpath='{.items[0].spec.volumes[*].configMap.name}')", d.Namespace, d.Selector)
	}
	return d.kubectl("edit configmap %s", d.Config)
}

// Metrics prints those of one replica.
func (d ClusterDNS) Metrics(pod string, port uint16) string {
	return fmt.Sprintf("kubectl get --raw /api/v1/namespaces/%s/pods/%s:%d/proxy/metrics | head -3", d.Namespace, pod, port)
}

// MayList shows whether the pods' account may still list EndpointSlices.
func (d ClusterDNS) MayList() string {
	return fmt.Sprintf("kubectl auth can-i list endpointslices.discovery.k8s.io -A --as=system:serviceaccount:%s:$(kubectl -n %[1]s get pods -l %s "+
		"-o jsonpath='{.items[0].spec.serviceAccountName}')", d.Namespace, d.Selector)
}
