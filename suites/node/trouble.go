package node

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// trouble is a known way in which a pod fails to come up.
type trouble struct {
	reason string // of the event; empty: any
	part   string // of the message; empty: any
	means  string
	// network: any other pod would fail in the same way, for want of a network. What
	// else keeps our own pods away (an image, a taint, a quota) says nothing of it.
	network bool
	steps   []check.Remedy // {node}, {pod} and {namespace} stand for the names; onNode runs there
}

const onNode = "{node}"

// troubles are known, the most telling first: an event that names the cause
// comes before one that names a symptom.
var troubles = []trouble{
	{part: "no IP addresses available in range", means: "the node's range of pod addresses is used up", network: true, steps: usedUp},
	{part: "failed to allocate for range", means: "the node's range of pod addresses is used up", network: true, steps: usedUp},
	{part: "no available IPs", means: "the node's range of pod addresses is used up", network: true, steps: usedUp},
	{part: "cni plugin not initialized", means: "the network plugin has not written its configuration on this node", network: true, steps: cniAgent},
	{part: "failed to find plugin", means: "a CNI plugin's binary is missing on this node", network: true, steps: []check.Remedy{
		{Purpose: check.Find, Text: "See which binaries are there", Node: onNode, Command: "ls -l /opt/cni/bin"},
		{Purpose: check.Find, Text: "See which ones the configuration names", Node: onNode, Command: "cat /etc/cni/net.d/*"},
		{Text: "Let the network plugin's agent bring its own again; the general ones are of the package kubernetes-cni (or containernetworking-plugins)", Command: restart},
		{Text: "Install the general ones (bridge, host-local, loopback, portmap)", Node: onNode, Command: "apt-get install --reinstall -y kubernetes-cni || dnf reinstall -y kubernetes-cni"},
		podStarts,
	}},
	{reason: "FailedCreatePodSandBox", means: "the network plugin could not connect the pod", network: true, steps: cniAgent},
	{part: "violates PodSecurity", means: "the namespace's pod security level forbids the pod", steps: []check.Remedy{
		{Text: "Allow it for the suite's namespace, or run with --unprivileged", Command: "kubectl label --overwrite namespace {namespace} pod-security.kubernetes.io/enforce=privileged"},
	}},
	{part: "exceeded quota", means: "the namespace's quota leaves no room for the pod", steps: []check.Remedy{
		{Purpose: check.Find, Text: "See what the quota leaves", Command: "kubectl -n {namespace} describe resourcequota"},
		{Text: "Raise the quota, or run in another namespace (-n)"},
	}},
	{reason: "FailedCreate", means: "the cluster refused to create the pod", steps: []check.Remedy{
		{Purpose: check.Find, Text: "See which admission refuses it", Command: "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations,validatingadmissionpolicies"},
	}},
	{reason: "FailedScheduling", part: "untolerated taint", means: "the node has a taint that the pod does not tolerate", steps: []check.Remedy{
		{Text: "Let the suite tolerate the taint, or leave this node out of the run"},
		{Purpose: check.Find, Text: "See the node's taints", Command: "kubectl get node {node} -o jsonpath='{.spec.taints}'"},
	}},
	{reason: "FailedScheduling", part: "Too many pods", means: "the node runs as many pods as its kubelet allows", steps: describeNode},
	{reason: "FailedScheduling", part: "Insufficient", means: "the node has no room left for the pod", steps: describeNode},
	{reason: "FailedScheduling", means: "the scheduler did not place the pod", steps: describe},
	// The first two say what the registry answered, the others only that it is tried again.
	{reason: "ErrImagePull", means: "the node cannot get the image", steps: image},
	{reason: "Failed", part: "Failed to pull image", means: "the node cannot get the image", steps: image},
	{reason: "ImagePullBackOff", means: "the node cannot get the image", steps: image},
	{part: "ImagePullBackOff", means: "the node cannot get the image", steps: image},
	{reason: "ErrImageNeverPull", means: "the image is not on the node, and pulling it is forbidden", steps: image},
	{reason: "InvalidImageName", means: "the image's name is not valid", steps: image},
	{reason: "CrashLoopBackOff", means: "the agent ends again and again", steps: []check.Remedy{
		{Purpose: check.Find, Text: "Run with --keep and read its last words", Command: "kubectl logs {pod} --previous"},
	}},
	{reason: "NodeNotReady", means: "the node is not Ready, so no pod starts there", steps: []check.Remedy{
		{Purpose: check.Find, Text: "See whether the kubelet runs", Node: onNode, Command: "systemctl status {kubelet} --no-pager"},
		{Text: "Restart it", Node: onNode, Command: "{restart kubelet}"},
		{Purpose: check.Verify, Text: "Check that the node is Ready", Command: "kubectl get node {node}"},
	}},
}

var (
	usedUp = []check.Remedy{
		{Purpose: check.Find, Text: "Count the addresses that are held, against the pods that run", Node: onNode, Command: "ls /var/lib/cni/networks/*/ | grep -c '^[0-9]'; crictl pods -q | wc -l"},
		{Text: "Free what pods that are gone still hold", Node: onNode, Command: freeHeld},
		{Purpose: check.Last, Text: "Where the pods need them all: fewer pods on this node (maxPods), or larger ranges for new nodes (--node-cidr-mask-size of the controller manager)", Node: onNode, Command: "grep -n maxPods /var/lib/kubelet/config.yaml"},
		podStarts,
	}
	cniAgent = []check.Remedy{
		{Purpose: check.Find, Text: "Look at the network plugin's agent on this node", Command: "kubectl get pods -A -o wide --field-selector spec.nodeName={node}"},
		{Purpose: check.Find, Text: "Read what the kubelet says of it", Node: onNode, Command: "journalctl {log of kubelet} --no-pager --since -10min | grep -i cni | tail -20"},
		{Text: "Restart that agent: it writes its configuration anew when it starts", Command: restart},
		podStarts,
	}
	image = []check.Remedy{
		{Purpose: check.Find, Text: "See whether the image is on the node", Node: onNode, Command: "crictl images | grep plumbline"},
		{Text: "Load the image into the node (plumbline images tells which ones), or name a registry that it reaches"},
	}
	// podStarts shows that a pod gets a network on the node again.
	podStarts    = check.Remedy{Purpose: check.Verify, Text: "Check that a new pod gets an address: one must be told", Command: startOn("{node}")}
	describe     = []check.Remedy{{Purpose: check.Find, Text: "Run with --keep and see the pod's events", Command: "kubectl describe pod {pod}"}}
	describeNode = []check.Remedy{{Purpose: check.Find, Text: "See what the node has left", Command: "kubectl describe node {node}"}}
)

// ofPlugins are those that name a file of one plugin.
func ofPlugins() []trouble {
	var out []trouble
	for _, p := range cni.All() {
		if p.Words.NotReady != "" {
			out = append(out, trouble{part: p.Words.NotReady, means: p.Words.NotReadyMeans, network: true, steps: cniAgent})
		}
	}
	return out
}

// restart stands for the command that restarts the network plugin's agent on the node.
const restart = "{restart}"

// mostTelling picks the event to show first, and what is known of it.
func mostTelling(events []facts.Event) (facts.Event, trouble) {
	for _, known := range slices.Concat(ofPlugins(), troubles) {
		i := slices.IndexFunc(events, func(e facts.Event) bool {
			return (known.reason == "" || e.Reason == known.reason) && strings.Contains(e.Message, known.part)
		})
		if i >= 0 {
			return events[i], known
		}
	}
	return events[0], trouble{steps: describe}
}

// unreachable are the steps where the API server does not get through to the
// kubelet, by which every exec and log goes (Kubernetes documentation,
// "Communication between Nodes and the Control Plane").
var unreachable = trouble{steps: []check.Remedy{
	{Purpose: check.Find, Text: "Ask the kubelet by way of the API server, as the suite does", Command: "kubectl get --raw /api/v1/nodes/{node}/proxy/healthz"},
	{Purpose: check.Find, Text: "See whether it listens, and whether a rule keeps the control plane from its port", Node: onNode, Command: "ss -ltnp 'sport = :10250'; iptables-save | grep -n 10250; nft list ruleset | grep -n 10250"},
}}

func (t trouble) remedy(s *facts.Snapshot, node, pod, namespace string) []check.Remedy {
	if pod == "" {
		pod = "POD"
	}
	kubelet := distribution.KubeletOf(s)
	names := strings.NewReplacer("{node}", node, "{pod}", "-n "+namespace+" "+pod, "{namespace}", namespace, restart, remedies.RestartCNI(s, node).Command,
		"{kubelet}", kubelet.Units(), "{restart kubelet}", kubelet.Restart(), "{log of kubelet}", kubelet.Log())
	var out []check.Remedy
	for _, step := range t.steps {
		out = append(out, check.Remedy{Purpose: step.Purpose, Text: step.Text, Node: names.Replace(step.Node), Command: names.Replace(step.Command)})
	}
	return out
}

// freeHeld removes the reservations of the CNI plugin host-local whose pod's
// sandbox, named in the file's first line, is not there any more; it removes none
// where the container runtime does not answer.
const freeHeld = `ids=$(crictl pods -q --no-trunc) && [ -n "$ids" ] && for f in /var/lib/cni/networks/*/[0-9a-f]*[.:]*; do echo "$ids" | grep -q "$(head -1 "$f" | tr -d '\r')" || rm -v "$f"; done`

// startOn starts a pod on a node, shows its addresses, and removes it.
func startOn(node string) string {
	return `kubectl run try-address --rm -i --restart=Never --image=busybox --overrides='{"spec":{"nodeName":"` + node + `"}}' -- ip addr show eth0`
}
