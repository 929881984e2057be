package inspect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"sigs.k8s.io/yaml"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// kubeletSettings are those fields of KubeletConfiguration (kubelet.config.k8s.io/v1beta1)
// that matter to the name resolution of pods.
type kubeletSettings struct {
	ClusterDNS    []string `json:"clusterDNS"`
	ClusterDomain string   `json:"clusterDomain"`
	ResolvConf    string   `json:"resolvConf"`
}

// readKubelet reads what the kubelet is told of the cluster DNS: its configuration
// file, the files of its folder, and its command line, which wins (Kubernetes
// documentation, "Set Kubelet Parameters Via A Configuration File"). A host that
// does not show any of them costs this part only.
func readKubelet(root, proc string, all []process) (func(*facts.HostLook), error) {
	out := &facts.Kubelet{}
	flags := kubeletFlags(root, proc, all)
	files := distribution.AllKubelet()
	if own := flags["config"]; own != "" {
		files = []string{own}
	}
	if dir := flags["config-dir"]; dir != "" {
		files = append(files, dir)
	}
	var failed []string
	for _, name := range files {
		err := kubeletFile(root, name, out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err.Error())
		}
		if len(out.Files) > 0 && flags["config"] == "" {
			break // one distribution's file, and no other's that was left behind
		}
	}
	takeKubelet(out, kubeletSettings{splitList(flags["cluster-dns"]), flags["cluster-domain"], flags["resolv-conf"]})
	if len(out.Files) == 0 && len(out.ClusterDNS) == 0 {
		out.NotRun = cmp.Or(strings.Join(failed, "; "), "no configuration of a kubelet was found at the known places")
	}
	return func(h *facts.HostLook) { h.Kubelet = out }, nil
}

// kubeletFile takes one file, or all of a folder in the order of their names.
func kubeletFile(root, name string, out *facts.Kubelet) error {
	below, err := securejoin.SecureJoin(root, name)
	if err != nil {
		return fmt.Errorf("resolving %s: %w", name, err)
	}
	info, err := os.Stat(below)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	names := []string{name}
	if info.IsDir() {
		entries, err := os.ReadDir(below)
		if err != nil {
			return fmt.Errorf("listing %s: %w", name, err)
		}
		names = nil
		for _, e := range entries {
			if slices.Contains([]string{".conf", ".json", ".yaml"}, filepath.Ext(e.Name())) {
				names = append(names, filepath.Join(name, e.Name()))
			}
		}
	}
	for _, one := range names {
		text, err := readBelow(root, one)
		if err != nil {
			return err
		}
		var settings kubeletSettings
		if err := yaml.Unmarshal([]byte(text), &settings); err != nil {
			return fmt.Errorf("reading %s: %w", one, err)
		}
		out.Files = append(out.Files, one)
		takeKubelet(out, settings)
	}
	return nil
}

// takeKubelet lets later settings win over earlier ones.
func takeKubelet(out *facts.Kubelet, s kubeletSettings) {
	var addrs []netip.Addr
	for _, text := range s.ClusterDNS {
		if a, err := netip.ParseAddr(text); err == nil {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) > 0 {
		out.ClusterDNS = addrs
	}
	out.Domain, out.ResolvConf = cmp.Or(s.ClusterDomain, out.Domain), cmp.Or(s.ResolvConf, out.ResolvConf)
}

// kubeletFlags are the flags of the kubelet's process; where it has none of its own
// (MicroK8s runs it inside another), those of the file that holds them.
func kubeletFlags(root, proc string, all []process) map[string]string {
	for _, p := range all {
		if p.name != "kubelet" {
			continue
		}
		if raw, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(p.pid), "cmdline")); err == nil {
			return flagsOf(strings.Split(string(raw), "\x00"))
		}
	}
	for _, name := range distribution.AllKubeletFlags() {
		if text, err := readBelow(root, name); err == nil {
			return flagsOf(strings.Fields(strings.NewReplacer(`"`, " ", `\`, " ", "KUBELET_KUBEADM_ARGS=", " ").Replace(text)))
		}
	}
	return map[string]string{}
}

// flagsOf reads "--name=value" and "--name value".
func flagsOf(words []string) map[string]string {
	out := map[string]string{}
	for i, w := range words {
		name, isFlag := strings.CutPrefix(w, "--")
		if !isFlag {
			continue
		}
		name, value, joined := strings.Cut(name, "=")
		if !joined && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			value = words[i+1]
		}
		out[name] = value
	}
	return out
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
