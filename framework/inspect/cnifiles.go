package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// maxCNIFiles and maxCNI bound what is read of CNI configurations: how many
	// files are listed, and the bytes of one.
	maxCNIFiles = 100
	maxCNI      = 64 << 10
)

// cniDirs are where container runtimes look for CNI configurations: the usual
// place, and those of distributions that bring their own runtime (k3s, MicroK8s).
// The first that is there is read.
func cniDirs() []string {
	return []string{"/etc/cni/net.d", "/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/snap/microk8s/current/args/cni-network"}
}

// readCNI reads the CNI configurations of the host below root.
func readCNI(root string) (func(*facts.HostLook), error) {
	for _, dir := range cniDirs() {
		below, err := securejoin.SecureJoin(root, dir)
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", dir, err)
		}
		entries, err := os.ReadDir(below)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", dir, err)
		}
		files, err := cniFiles(root, dir, entries)
		return func(h *facts.HostLook) { h.CNI = &facts.CNIFiles{Dir: dir, Files: files} }, err
	}
	return func(h *facts.HostLook) { h.CNI = &facts.CNIFiles{Dir: cniDirs()[0]} }, nil
}

// cniFiles reads what a runtime would (libcni: .conf, .conflist, .json). Other
// files may hold secrets, and are only named.
func cniFiles(root, dir string, entries []os.DirEntry) ([]facts.Text, error) {
	var out []facts.Text
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if len(out) == maxCNIFiles {
			return out, fmt.Errorf("listing %s: there are more than %d files", dir, maxCNIFiles)
		}
		one := facts.Text{Path: path.Join(dir, e.Name())}
		if !slices.Contains([]string{".conf", ".conflist", ".json"}, path.Ext(e.Name())) {
			one.NotRun = "not read: only .conf, .conflist and .json are configurations, and others may hold secrets"
		} else if text, err := readBelow(root, one.Path); err != nil {
			one.NotRun = err.Error()
		} else if len(text) > maxCNI {
			one.NotRun = fmt.Sprintf("not kept: it is larger than %d bytes", maxCNI)
		} else {
			one.Text = text
		}
		out = append(out, one)
	}
	return out, nil
}
