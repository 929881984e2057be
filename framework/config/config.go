// Package config reads the configuration file of a run: what a site asks for
// beyond the defaults. A file that cannot be meant is refused with the name and
// the line of the field. It knows no cluster.
package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// APIVersion and Kind name the format.
const (
	APIVersion = "plumbline.dev/config/v1"
	Kind       = "Config"
)

// maxBytes bounds a file; a ConfigMap is not larger either.
const maxBytes = 1 << 20

// File is a configuration file. What is not set in it is empty, and nothing in
// it weighs more than a flag of the command line.
type File struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`

	Egress           []Egress   `yaml:"egress"`
	ExternalNames    []string   `yaml:"externalNames"`
	Services         []string   `yaml:"services"`
	RuntimeClasses   []string   `yaml:"runtimeClasses"`
	SecuritySoftware []Software `yaml:"securitySoftware"`

	Profile      string        `yaml:"profile"`
	Checks       []string      `yaml:"checks"`
	IgnoreChecks []string      `yaml:"ignoreChecks"`
	ExcludeNodes []string      `yaml:"excludeNodes"`
	NodeSelector string        `yaml:"nodeSelector"`
	Taints       string        `yaml:"taints"`
	Image        string        `yaml:"image"`
	FailOn       string        `yaml:"failOn"`
	Timeout      time.Duration `yaml:"timeout"` // 0: not set

	// lines is where each value stands ("egress[2].port").
	lines map[string]int
}

// Egress is a TCP service outside the cluster.
type Egress struct {
	Host string `yaml:"host"` // a name or an address
	Port int    `yaml:"port"`
}

// Software is a host security agent; the fields are those of facts.SecuritySoftware.
type Software struct {
	Process string `yaml:"process"`
	Product string `yaml:"product"`
	Effect  string `yaml:"effect"`
	Stop    string `yaml:"stop"`
}

// Load reads a file, or config.yaml in a folder. An empty folder is an empty
// configuration: that is how an optional ConfigMap looks where there is none. The
// error names the file, the field and its line.
func Load(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		inside, err := within(path)
		if err != nil || inside == "" {
			return &File{}, err
		}
		path = inside
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	file, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// fileInFolder is the key which a ConfigMap has to have.
const fileInFolder = "config.yaml"

// within finds the file in a folder; empty where the folder is empty. The names
// that the kubelet makes for itself begin with a dot.
func within(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("reading the configuration: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return "", nil
	case slices.Contains(names, fileInFolder):
		return filepath.Join(dir, fileInFolder), nil
	}
	return "", fmt.Errorf("the folder %s has no %s (it has %s)", dir, fileInFolder, strings.Join(names, ", "))
}

// Read reads one YAML document and validates all of it.
func Read(r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the file is larger than %d bytes", maxBytes)
	}
	file := &File{}
	if file.lines, err = decode(data, file); err != nil {
		return nil, err
	}
	if err := file.validate(); err != nil {
		return nil, err
	}
	return file, nil
}

// Facts is the part that is observed and judged by; nil where nothing is asked for.
func (f *File) Facts() *facts.Config {
	if f == nil || len(f.Egress)+len(f.ExternalNames)+len(f.Services)+len(f.RuntimeClasses)+len(f.SecuritySoftware) == 0 {
		return nil
	}
	out := &facts.Config{ExternalNames: f.ExternalNames, Services: f.Services, RuntimeClasses: f.RuntimeClasses}
	for _, e := range f.Egress {
		out.Egress = append(out.Egress, facts.EgressTarget{Host: e.Host, Port: uint16(e.Port)})
	}
	for _, s := range f.SecuritySoftware {
		out.SecuritySoftware = append(out.SecuritySoftware, facts.SecuritySoftware(s))
	}
	return out
}
