package inspect

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// TestTheKubeletIsReadWhereItsDistributionKeepsIt has a host of each, with what its
// documentation says that it writes, and a file that kubeadm left behind.
func TestTheKubeletIsReadWhereItsDistributionKeepsIt(t *testing.T) {
	const left = "/var/lib/kubelet/config.yaml"
	config := func(dns string) string { return "clusterDNS: [" + dns + "]\nclusterDomain: cluster.local\n" }
	for _, c := range []struct {
		name    string
		files   map[string]string
		cmdline string // of a process kubelet; empty where there is none
		dns     string
	}{
		{"kubeadm", map[string]string{left: config("10.96.0.10")}, "kubelet\x00--config=" + left, "10.96.0.10"},
		{"k3s, in its own process", map[string]string{
			"/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf": config("10.43.0.10"), left: config("10.96.0.10"),
		}, "", "10.43.0.10"},
		{"RKE2", map[string]string{
			"/var/lib/rancher/rke2/agent/etc/kubelet.conf.d/00-rke2-defaults.conf": config("10.43.0.10"), left: config("10.96.0.10"),
		}, "kubelet\x00--config-dir=/var/lib/rancher/rke2/agent/etc/kubelet.conf.d", "10.43.0.10"},
		{"k0s", map[string]string{"/var/lib/k0s/kubelet-config.yaml": config("10.96.0.10")}, "kubelet\x00--config=/var/lib/k0s/kubelet-config.yaml", "10.96.0.10"},
		{"MicroK8s, in its own process", map[string]string{
			"/var/snap/microk8s/current/args/kubelet": "--cluster-dns=10.152.183.10\n--cluster-domain=cluster.local\n",
		}, "", "10.152.183.10"},
		{"OpenShift", map[string]string{
			"/etc/kubernetes/kubelet.conf": `{"kind": "KubeletConfiguration", "clusterDNS": ["172.30.0.10"], "clusterDomain": "cluster.local"}`,
		}, "kubelet\x00--config=/etc/kubernetes/kubelet.conf", "172.30.0.10"},
		{"a file of folders, the last one wins", map[string]string{
			"/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf": config("10.43.0.10"),
			"/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/99-site.conf":         config("10.43.0.53"),
		}, "", "10.43.0.53"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, proc := t.TempDir(), t.TempDir()
			for name, text := range c.files {
				write(t, filepath.Join(root, name), text)
			}
			var all []process
			if c.cmdline != "" {
				all = []process{{pid: 4711, name: "kubelet"}}
				write(t, filepath.Join(proc, strconv.Itoa(4711), "cmdline"), c.cmdline)
			}
			take, err := readKubelet(root, proc, all)
			if err != nil {
				t.Fatal(err)
			}
			h := &facts.HostLook{}
			take(h)
			if k := h.Kubelet; k.NotRun != "" || len(k.ClusterDNS) != 1 || k.ClusterDNS[0].String() != c.dns || k.Domain != "cluster.local" {
				t.Errorf("%+v", k)
			}
		})
	}
}

func TestAHostWithoutAKubeletsConfigurationSaysSo(t *testing.T) {
	take, err := readKubelet(t.TempDir(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &facts.HostLook{}
	take(h)
	if h.Kubelet.NotRun == "" {
		t.Errorf("%+v", h.Kubelet)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
