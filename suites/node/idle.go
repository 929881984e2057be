package node

import (
	"fmt"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func idleKind(k facts.Kept) check.Kind {
	switch k {
	case facts.KeptNotCreated:
		return check.ControllerIdle
	case facts.KeptNotScheduled:
		return check.SchedulerIdle
	case facts.KeptRefused:
	}
	return ""
}

// idle is the finding that a part of the control plane does not act on the suite's pods.
func idle(s *facts.Snapshot, k facts.Kept) check.Finding {
	name, undone := k.Lease(), "no pod of the suite was created: the DaemonSet controller has not taken up its DaemonSets"
	if k == facts.KeptNotScheduled {
		undone = "pods of the suite were created, and the scheduler has not looked at them"
	}
	f := check.Finding{Kind: idleKind(k), Says: fmt.Sprintf("%s does not act: %s", name, undone), Remedy: wake(name)}
	lease := s.Cluster.Lease(name)
	if lease == nil {
		return f
	}
	state := "it is renewed, so look at its log"
	if lease.Lapsed() {
		state = fmt.Sprintf("it holds for %d s, and was not renewed for %d s while the run waited", lease.Seconds, lease.StillSeconds)
		f.Says += fmt.Sprintf("; its lease was last renewed at %s", lease.Renewed.Format(time.RFC3339))
	}
	f.Evidence = []check.Evidence{{
		Source: "lease " + name,
		Text:   fmt.Sprintf("holder %q, last renewed at %s; %s", lease.Holder, lease.Renewed.Format(time.RFC3339), state),
	}}
	return f
}

// wake are the steps for a part of the control plane that does not act. Where it runs
// differs (static pod, service of the host, a provider's machine), so it is looked for first.
func wake(name string) []check.Remedy {
	return []check.Remedy{
		{
			Purpose: check.Find, Text: "See whether " + name + " runs, who holds its lease, and since when nobody renewed it",
			Command: fmt.Sprintf("kubectl -n kube-system get lease %s -o jsonpath='{.spec.holderIdentity} {.spec.renewTime}{\"\\n\"}'; "+
				"kubectl -n kube-system get pods -o wide | grep %s", name, name),
		},
		{
			Purpose: check.Find, Text: "On a control-plane node: see whether its container or service is there, and read why it ended",
			Command: fmt.Sprintf("ls -l /etc/kubernetes/manifests; crictl ps -a --name %s; crictl logs --tail 20 $(crictl ps -aq --name %s | head -1)", name, name),
		},
		{Text: "Start it again where it runs: a static pod by its manifest in the kubelet's folder of static pods (/etc/kubernetes/manifests with kubeadm), a service by its unit; with a managed control plane, ask its provider"},
		{
			Purpose: check.Verify, Text: "Check that the lease is renewed: the time must be of the last seconds",
			Command: fmt.Sprintf("kubectl -n kube-system get lease %s -o jsonpath='{.spec.renewTime}'; date -u", name),
		},
	}
}
