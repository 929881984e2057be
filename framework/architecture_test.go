// Package framework_test holds the rules of the house that a compiler does not
// check: which room may know which, and how large things may grow.
package framework_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/plumbline-net/plumbline/"

// pkg is what `go list -json` says of a package of this module.
type pkg struct {
	ImportPath   string
	Dir          string
	Name         string
	Doc          string
	Imports      []string
	Deps         []string // all packages it needs, however indirectly
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

// room is the path inside the module.
func (p pkg) room() string { return strings.TrimPrefix(p.ImportPath, module) }

func (p pkg) within(rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool { return p.room() == r || strings.HasPrefix(p.room(), r+"/") })
}

// forTests: a package whose name ends in "test" builds what tests need.
func (p pkg) forTests() bool { return strings.HasSuffix(p.room(), "test") }

// packages lists every package of the module. In one that does not build yet
// (-e) nothing can be said of what it needs, so the build has to fail elsewhere.
func packages(t *testing.T) []pkg {
	t.Helper()
	list, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// listed asks once; the answer takes seconds.
var listed = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,Doc,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the packages: %w", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the list: %w", err)
		}
		list = append(list, p)
	}
	if len(list) < 10 {
		return nil, fmt.Errorf("only %d packages are listed", len(list))
	}
	return list, nil
})

// kubernetes are the client's packages; YAML and JSON of the same organisation are none.
func kubernetes(path string) bool {
	return strings.HasPrefix(path, "k8s.io/") || strings.HasPrefix(path, "sigs.k8s.io/e2e-framework")
}

func ginkgo(path string) bool { return strings.HasPrefix(path, "github.com/onsi/ginkgo") }

// pure are the rooms that decide, and never look.
var pure = []string{
	"suites", "framework/facts", "framework/check", "framework/wire", "framework/topology", "framework/diagnose",
	"framework/netfilter", "framework/cni", "framework/dataplane", "framework/matrix", "framework/judge", "framework/strictjson", "framework/figures", "framework/symptom",
	"framework/config", "framework/path", "framework/controls", "framework/distribution", "framework/recognise",
}

func TestPureRoomsReachNoNetworkNoClusterAndNoTestRunner(t *testing.T) {
	for _, p := range packages(t) {
		if !p.within(pure...) {
			continue
		}
		for _, d := range p.Deps {
			if d == "net" || strings.HasPrefix(d, "net/http") || d == "os/exec" || kubernetes(d) || ginkgo(d) {
				t.Errorf("%s needs %s", p.room(), d)
			}
		}
	}
}

func TestOnlyItsRoomKnows(t *testing.T) {
	rules := []struct {
		what   string
		is     func(string) bool
		rooms  []string
		direct bool // by its own import; otherwise however indirectly
	}{
		{"Ginkgo", ginkgo, []string{"framework/run"}, true},
		{"the Kubernetes client", kubernetes, []string{"framework/cluster", "framework/collect", "framework/run", "cmd/plumbline", "fixtures"}, true},
		{"netlink", func(p string) bool { return strings.HasPrefix(p, "github.com/vishvananda/") }, []string{"framework/inspect", "framework/probe", "framework/capture", "framework/netlab", "fixtures"}, true},
		{"gopacket", func(p string) bool { return strings.HasPrefix(p, "github.com/gopacket/") }, []string{"framework/capture"}, true},
		{"BPF", func(p string) bool { return strings.HasPrefix(p, "github.com/cilium/ebpf") }, []string{"framework/dropwatch", "fixtures"}, true},
		{"cobra", func(p string) bool { return strings.HasPrefix(p, "github.com/spf13/cobra") }, []string{"cmd", "fixtures"}, true},
	}
	for _, p := range packages(t) {
		for _, r := range rules {
			if p.within(r.rooms...) {
				continue
			}
			for _, i := range p.Imports {
				if r.is(i) {
					t.Errorf("%s imports %s; %s belongs to %s", p.room(), i, r.what, strings.Join(r.rooms, ", "))
				}
			}
		}
	}
}

func TestWhatRunsOnNodesNeedsNoKubernetes(t *testing.T) {
	for _, p := range packages(t) {
		if !p.within("framework/probe", "framework/inspect", "framework/capture", "framework/dropwatch", "cmd/plumbline-agent") {
			continue
		}
		for _, d := range p.Deps {
			if kubernetes(d) || ginkgo(d) {
				t.Errorf("%s needs %s", p.room(), d)
			}
		}
	}
}

// TestArrowsPointOneWay: who may import whom among the rooms of this module.
func TestArrowsPointOneWay(t *testing.T) {
	allowed := []struct {
		room string
		may  []string
	}{
		{"framework/facts", []string{"framework/facts", "framework/strictjson"}},
		{"framework/distribution", []string{"framework/facts"}},
		{"framework/recognise", []string{"framework/facts", "framework/cni", "framework/distribution"}},
		{"framework/wire", []string{"framework/facts"}},
		{"framework/check", []string{"framework/facts"}},
		{"framework/config", []string{"framework/facts"}},
		{"framework/cni", []string{"framework/facts"}},
		{"framework/dataplane", []string{"framework/facts", "framework/cni"}},
		{"framework/capture", []string{"framework/facts", "framework/wire", "framework/inspect", "framework/netfilter"}},
		{"framework/dropwatch", []string{"framework/facts"}},
		{"framework/path", []string{"framework/facts", "framework/netfilter", "framework/cni", "framework/dataplane"}},
		{"framework/symptom", []string{"framework/check", "framework/facts", "framework/figures"}},
		{"framework/netfilter", []string{"framework/facts"}},
		{"framework/controls", []string{"framework/facts", "framework/netfilter", "framework/dataplane"}},
		{"reporters/report", []string{"framework/facts", "framework/check", "framework/path", "framework/strictjson"}},
		{"framework/diagnose/pages", nil},
		{"reporters", []string{"reporters", "framework/facts", "framework/path", "framework/check", "framework/figures", "framework/diagnose/pages"}},
		{"suites", []string{
			"suites", "framework/recognise", "framework/distribution", "framework/check", "framework/facts", "framework/netfilter", "framework/cni", "framework/dataplane", "framework/matrix", "framework/topology",
			"framework/figures", "framework/symptom", "framework/controls",
		}},
		{"framework/cluster", []string{"framework/cluster", "framework/distribution", "framework/facts", "framework/cni", "framework/wire", "framework/check", "framework/strictjson", "manifests"}},
	}
	for _, p := range packages(t) {
		i := slices.IndexFunc(allowed, func(r struct {
			room string
			may  []string
		},
		) bool {
			return p.within(r.room)
		})
		if i < 0 || p.forTests() {
			continue
		}
		for _, path := range p.Imports {
			if strings.HasPrefix(path, module) && !(pkg{ImportPath: path}).within(allowed[i].may...) {
				t.Errorf("%s imports %s; it may know %s", p.room(), strings.TrimPrefix(path, module), strings.Join(allowed[i].may, ", "))
			}
		}
	}
}

func TestWhatTestsNeedStaysOutOfTheProduct(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if (pkg{ImportPath: path}).forTests() && strings.HasPrefix(path, module) && !p.forTests() {
				t.Errorf("%s imports %s", p.room(), strings.TrimPrefix(path, module))
			}
		}
	}
}
