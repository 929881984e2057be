package inspect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// sysctlConf is read last, after all directories.
const sysctlConf = "/etc/sysctl.conf"

// maxConfig bounds one file of the boot configuration, in bytes.
const maxConfig = 1 << 20

// sysctlDirs in the order of sysctl(8), "System file precedence": a file of the
// same name in a later directory is not read.
func sysctlDirs() []string {
	return []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"}
}

// readSysctlFiles reads the files that `sysctl --system` would, in its order,
// and does not run it, as that changes the kernel. Root is where the host's /
// is mounted; symbolic links are followed as the host would, inside root.
func readSysctlFiles(root string) (func(*facts.HostLook), error) {
	files, err := sysctlFilesBelow(root, procSys)
	return func(h *facts.HostLook) { h.SysctlFiles = files }, err
}

func sysctlFilesBelow(root, proc string) (*facts.SysctlFiles, error) {
	names, err := sysctlFileNames(root)
	problems := []error{err}
	out := &facts.SysctlFiles{}
	var lines []assignment
	for _, name := range names {
		text, err := readBelow(root, name)
		if errors.Is(err, fs.ErrNotExist) && name == sysctlConf {
			continue
		}
		out.Files = append(out.Files, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		got, wrong := parseSysctl(name, text)
		lines = append(lines, got...)
		problems = append(problems, wrong...)
	}
	out.Settings = expand(lines, proc)
	return out, errors.Join(problems...)
}

// sysctlFileNames are the host's paths in order: by file name, whichever
// directory they are in, and sysctl.conf at the end.
func sysctlFileNames(root string) ([]string, error) {
	first := map[string]string{}
	var problems []error
	for _, dir := range sysctlDirs() {
		path, err := securejoin.SecureJoin(root, dir)
		if err != nil {
			problems = append(problems, fmt.Errorf("resolving %s: %w", dir, err))
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Errorf("listing %s: %w", dir, err))
		}
		for _, e := range entries {
			if _, masked := first[e.Name()]; !masked && strings.HasSuffix(e.Name(), ".conf") {
				first[e.Name()] = dir + "/" + e.Name()
			}
		}
	}
	var names []string
	for name := range first {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = first[name]
	}
	return append(names, sysctlConf), errors.Join(problems...)
}

// readBelow reads a file of the host. A link to /dev/null, the usual way to mask
// a vendor's file (sysctl.d(5)), is an empty file; the device itself cannot be
// opened through a mount without devices. Other special files could block and
// are refused.
func readBelow(root, name string) (string, error) {
	path, err := securejoin.SecureJoin(root, name)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", name, err)
	}
	if path == filepath.Join(root, "dev/null") {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("reading %s: it is no regular file (%s)", name, info.Mode().Type())
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	defer func() { _ = file.Close() }()
	return readBounded(file, maxConfig)
}

// readBounded reads a file that has at most so many bytes; a longer one is not
// kept at all, for half of it would be judged as if it were whole.
func readBounded(file *os.File, most int64) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", file.Name(), err)
	}
	if int64(len(raw)) > most {
		return "", fmt.Errorf("reading %s: it is larger than %d bytes", file.Name(), most)
	}
	return string(raw), nil
}
