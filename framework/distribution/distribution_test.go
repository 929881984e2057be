package distribution_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// TestDistributionsAreRecognisedWithTheirPathsAndUnits holds the table against what
// the projects document.
func TestDistributionsAreRecognisedWithTheirPathsAndUnits(t *testing.T) {
	for _, c := range []struct {
		name, word, cniConf, kubelet, restart string
		node                                  facts.Node
	}{
		{
			"k3s", "k3s", "/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d",
			"for unit in k3s k3s-agent; do systemctl -q is-enabled $unit && systemctl restart $unit; done",
			facts.Node{Kubelet: "v1.33.1+k3s1"},
		},
		{
			"RKE2", "rke2", "/var/lib/rancher/rke2/agent/etc/cni/net.d", "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d",
			"for unit in rke2-server rke2-agent; do systemctl -q is-enabled $unit && systemctl restart $unit; done",
			facts.Node{Kubelet: "v1.33.1+rke2r1"},
		},
		{
			"k0s", "k0s", "/etc/cni/net.d", "/var/lib/k0s/kubelet-config.yaml",
			"for unit in k0sworker k0scontroller; do systemctl -q is-enabled $unit && systemctl restart $unit; done",
			facts.Node{Kubelet: "v1.33.1+k0s"},
		},
		{
			"MicroK8s", "microk8s", "/var/snap/microk8s/current/args/cni-network", "/var/lib/kubelet/config.yaml",
			"systemctl restart snap.microk8s.daemon-kubelite",
			facts.Node{Kubelet: "v1.33.1", Marks: []string{"microk8s.io/cluster"}},
		},
		{
			"OpenShift", "openshift", "/etc/kubernetes/cni/net.d", "/etc/kubernetes/kubelet.conf", "systemctl restart kubelet",
			facts.Node{Kubelet: "v1.31.6", OS: "Red Hat Enterprise Linux CoreOS 418.94"},
		},
		{"none that is known", "", "/etc/cni/net.d", "/var/lib/kubelet/config.yaml", "systemctl restart kubelet", facts.Node{Kubelet: "v1.33.1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &facts.Snapshot{Nodes: []facts.Node{c.node}}
			d, by := distribution.Recognise(s)
			if d.Word != c.word || (len(by) == 0) != (c.word == "") {
				t.Fatalf("taken for %q by %v", d.Word, by)
			}
			if !slices.Equal(d.CNIConf, []string{c.cniConf}) || !slices.Equal(d.Kubelet, []string{c.kubelet}) {
				t.Errorf("paths %v %v", d.CNIConf, d.Kubelet)
			}
			if !slices.Contains(distribution.AllCNIConf(), c.cniConf) || !slices.Contains(distribution.AllKubelet(), c.kubelet) {
				t.Error("a host is not looked at there")
			}
			if got := distribution.KubeletOf(s).Restart(); got != c.restart {
				t.Errorf("restart: %s", got)
			}
		})
	}
}
