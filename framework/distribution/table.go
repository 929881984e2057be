package distribution

// All are the distributions that are known, the more particular ones first: what
// kubespray or kind installs is recognised as kubeadm's, too.
//
// Sources: the projects' own documentation of their paths, labels and versions
// (docs.k3s.io, docs.rke2.io, docs.k0sproject.io, microk8s.io/docs,
// docs.openshift.com, kind.sigs.k8s.io, kubespray.io, github.com/easzlab/kubeasz,
// talos.dev, and those of EKS, GKE and AKS about node images).
func All() []Distribution {
	return append(ownRuntime(), append(managed(), installers()...)...)
}

// ownRuntime bring a container runtime of their own, and keep its files apart.
func ownRuntime() []Distribution {
	return []Distribution{
		{
			Word: "rke2", Name: "RKE2", Versions: []string{"+rke2"}, Labels: []string{"rke.cattle.io/"},
			Processes: []string{"rke2"},
			Proxy:     StaticPod, Units: []string{"rke2-server", "rke2-agent"},
			Places: Places{
				CNIConf: []string{"/var/lib/rancher/rke2/agent/etc/cni/net.d"}, CNIBin: []string{"/opt/cni/bin", "/var/lib/rancher/rke2/data/current/bin"},
				Kubelet: []string{"/var/lib/rancher/rke2/agent/etc/kubelet.conf.d"}, KubeletConfig: "/etc/rancher/rke2/config.yaml",
				Containerd: []string{"/run/k3s/containerd/containerd.sock"},
			},
		},
		{
			Word: "k3s", Name: "K3s", Versions: []string{"+k3s"}, Labels: []string{"k3s.io/"},
			Processes: []string{"k3s", "k3s-server", "k3s-agent"},
			Proxy:     Embedded, Units: []string{"k3s", "k3s-agent"},
			Places: Places{
				CNIConf: []string{"/var/lib/rancher/k3s/agent/etc/cni/net.d"},
				CNIBin:  []string{"/var/lib/rancher/k3s/data/cni", "/var/lib/rancher/k3s/data/current/bin"},
				Kubelet: []string{"/var/lib/rancher/k3s/agent/etc/kubelet.conf.d"}, KubeletConfig: "/etc/rancher/k3s/config.yaml",
				Containerd: []string{"/run/k3s/containerd/containerd.sock"},
			},
		},
		{
			Word: "k0s", Name: "k0s", Versions: []string{"+k0s"}, Labels: []string{"node.k0sproject.io/"},
			Processes: []string{"k0s"},
			Proxy:     DaemonSet, Units: []string{"k0sworker", "k0scontroller"},
			Places: Places{
				Kubelet: []string{"/var/lib/k0s/kubelet-config.yaml"}, KubeletConfig: "/etc/k0s/k0s.yaml",
				Containerd: []string{"/run/k0s/containerd.sock"},
			},
		},
		{
			Word: "microk8s", Name: "MicroK8s", Labels: []string{"microk8s.io/"},
			Processes: []string{"kubelite"},
			Proxy:     Embedded, Units: []string{"snap.microk8s.daemon-kubelite"},
			Places: Places{
				CNIConf: []string{"/var/snap/microk8s/current/args/cni-network"}, CNIBin: []string{"/var/snap/microk8s/current/opt/cni/bin"},
				KubeletFlags: []string{"/var/snap/microk8s/current/args/kubelet"}, KubeletConfig: "/var/snap/microk8s/current/args/kubelet",
				Containerd: []string{"/var/snap/microk8s/common/run/containerd.sock"},
			},
		},
		{
			Word: "openshift", Name: "OpenShift", Labels: []string{"node.openshift.io/", "machineconfiguration.openshift.io/"},
			OSImages: []string{"Red Hat Enterprise Linux CoreOS"}, Groups: []string{".openshift.io"},
			Proxy: DaemonSet,
			Places: Places{
				CNIConf: []string{"/etc/kubernetes/cni/net.d"}, CNIBin: []string{"/var/lib/cni/bin"},
				Kubelet: []string{"/etc/kubernetes/kubelet.conf"}, KubeletConfig: "/etc/kubernetes/kubelet.conf",
				Containerd: []string{"/run/crio/crio.sock"},
			},
		},
	}
}

// managed are run by a cloud; hosts may be closed to us.
func managed() []Distribution {
	return []Distribution{
		{
			Word: "eks", Name: "Amazon EKS", Versions: []string{"-eks-"}, Labels: []string{"eks.amazonaws.com/"}, Proxy: DaemonSet,
			Places: Places{
				Kubelet:       []string{"/etc/kubernetes/kubelet/kubelet-config.json", "/etc/kubernetes/kubelet/config.json", "/etc/kubernetes/kubelet/config.json.d"},
				KubeletConfig: "/etc/kubernetes/kubelet/config.json",
			},
		},
		{
			Word: "gke", Name: "Google GKE", Versions: []string{"-gke."}, Labels: []string{"cloud.google.com/gke-nodepool"}, Proxy: StaticPod,
			Places: Places{
				CNIBin: []string{"/home/kubernetes/bin"}, Kubelet: []string{"/home/kubernetes/kubelet-config.yaml"}, KubeletConfig: "/home/kubernetes/kubelet-config.yaml",
			},
		},
		{
			Word: "aks", Name: "Azure AKS", Labels: []string{"kubernetes.azure.com/"}, Proxy: DaemonSet,
			Places: Places{
				Kubelet: []string{"/etc/default/kubeletconfig.json"}, KubeletFlags: []string{"/etc/default/kubelet"}, KubeletConfig: "/etc/default/kubelet",
			},
		},
	}
}

// installers set up upstream's own binaries on hosts of any kind.
func installers() []Distribution {
	return []Distribution{
		{
			Word: "talos", Name: "Talos Linux", OSImages: []string{"Talos"}, Proxy: DaemonSet,
			Places: Places{Kubelet: []string{"/etc/kubernetes/kubelet.yaml"}, KubeletConfig: "/etc/kubernetes/kubelet.yaml"},
		},
		{Word: "kind", Name: "kind", Providers: []string{"kind"}, Files: []string{"/kind/version"}, Proxy: DaemonSet},
		{Word: "minikube", Name: "minikube", Labels: []string{"minikube.k8s.io/"}, Proxy: DaemonSet},
		{
			Word: "kubeasz", Name: "kubeasz", Files: []string{"/opt/kube/bin", "/var/lib/kube-proxy/kube-proxy-config.yaml"}, Proxy: Service,
			Places: Places{CNIBin: []string{"/opt/kube/bin", "/opt/cni/bin"}},
		},
		{
			Word: "kubespray", Name: "kubespray", Files: []string{"/etc/kubernetes/kubelet.env"}, Proxy: DaemonSet,
			Places: Places{
				Kubelet: []string{"/etc/kubernetes/kubelet-config.yaml"}, KubeletFlags: []string{"/etc/kubernetes/kubelet.env"},
				KubeletConfig: "/etc/kubernetes/kubelet-config.yaml",
			},
		},
		{Word: "kubeadm", Name: "kubeadm", Files: []string{"/var/lib/kubelet/kubeadm-flags.env"}, Proxy: DaemonSet},
	}
}
