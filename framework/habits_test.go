package framework_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The limits; what is usual is well below (design: file 250, function 45).
const (
	maxFile     = 300
	maxFunction = 60
)

func TestFilesAndFunctionsStaySmallEnoughToRead(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				t.Errorf("%s/%s: %v", p.room(), name, err)
				continue
			}
			if ast.IsGenerated(file) {
				continue
			}
			if lines := set.File(file.Pos()).LineCount(); lines > maxFile {
				t.Errorf("%s/%s has %d lines, %d are allowed", p.room(), name, lines, maxFile)
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; lines > maxFunction {
					t.Errorf("%s/%s: %s has %d lines, %d are allowed", p.room(), name, f.Name.Name, lines, maxFunction)
				}
				if f.Name.Name == "init" && f.Recv == nil {
					t.Errorf("%s/%s has an init(): nothing happens by being imported", p.room(), name)
				}
			}
		}
	}
}

func TestNoRoomIsADrawer(t *testing.T) {
	drawers := []string{"helpers", "helper", "utils", "util", "common", "misc"}
	for _, p := range packages(t) {
		for _, part := range strings.Split(p.room(), "/") {
			if slices.Contains(drawers, part) {
				t.Errorf("%s: the name says nothing of what is inside", p.room())
			}
		}
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			stem := strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
			if slices.Contains(drawers, stem) {
				t.Errorf("%s/%s: the name says nothing of what is inside", p.room(), name)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no doc sentence", p.room())
		}
	}
}

// TestSomeCallsHaveTheirPlace: waiting is polling with a deadline, the exit
// status belongs to main, and printing to the command line and the reporters.
func TestSomeCallsHaveTheirPlace(t *testing.T) {
	places := map[string][]string{
		"time.Sleep":  nil,
		"os.Exit":     {"cmd", "fixtures"},
		"log.Fatal":   nil,
		"fmt.Print":   {"cmd", "reporters"},
		"fmt.Println": {"cmd", "reporters"},
		"fmt.Printf":  {"cmd", "reporters"},
	}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Errorf("%s/%s: %v", p.room(), name, err)
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				if !ok {
					return true
				}
				if rooms, watched := places[x.Name+"."+sel.Sel.Name]; watched && !p.within(rooms...) {
					t.Errorf("%s: %s.%s", set.Position(n.Pos()), x.Name, sel.Sel.Name)
				}
				return true
			})
		}
	}
}

// pluginWords are words of network plugins. They have one room, so that a plugin
// is added, or repaired, in one place.
var pluginWords = regexp.MustCompile(`(?i)flannel|calico|cilium|kindnet|kube-?router|weave|antrea|canal|kube-?ovn|ovn-?k|aws-?(node|vpc)|` +
	// The names that plugins give to devices: roles come from kinds and addresses (framework/dataplane).
	`["^(|]cali["|)*]|[(|]lxc[|)]|["^(|]eni["|)*]|["^(|]azv["|)*]|kube-bridge|genev_sys|ovn0|antrea-gw`)

func TestPluginsAreNamedInTheirRoomAlone(t *testing.T) {
	for _, p := range packages(t) {
		if p.within("framework/cni", "fixtures") || p.forTests() {
			continue
		}
		for _, name := range p.GoFiles {
			raw, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(raw), "\n") {
				if word := pluginWords.FindString(strings.ReplaceAll(line, "github.com/cilium/ebpf", "")); word != "" {
					t.Errorf("%s/%s:%d says %q: what is known of network plugins belongs to framework/cni", p.room(), name, i+1, word)
				}
			}
		}
	}
}
