package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// maxCNIFiles and maxCNI bound what is read of CNI configurations: how many
	// files are listed, and the bytes of one.
	maxCNIFiles = 100
	maxCNI      = 64 << 10
)

// readCNI reads the CNI configurations of the host below root, in the folder that
// its container runtime looks in: of the distributions' folders the first that
// holds a configuration, else the first that is there.
func readCNI(root string) (func(*facts.HostLook), error) {
	dirs := distribution.AllCNIConf()
	var there *facts.CNIFiles
	var failed error
	for _, dir := range dirs {
		files, err := cniDir(root, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if slices.ContainsFunc(files, func(f facts.Text) bool { return f.Text != "" }) {
			return func(h *facts.HostLook) { h.CNI = &facts.CNIFiles{Dir: dir, Files: files} }, err
		}
		if there == nil {
			there, failed = &facts.CNIFiles{Dir: dir, Files: files}, err
		}
	}
	if there == nil {
		there = &facts.CNIFiles{Dir: dirs[len(dirs)-1]} // the usual one
	}
	return func(h *facts.HostLook) { h.CNI = there }, failed
}

func cniDir(root, dir string) ([]facts.Text, error) {
	below, err := securejoin.SecureJoin(root, dir)
	if err != nil {
		return nil, fmt.Errorf("resolving %s: %w", dir, err)
	}
	entries, err := os.ReadDir(below)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	return cniFiles(root, dir, entries)
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
