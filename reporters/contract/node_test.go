// Package contract_test proves that the reports are read by their consumers as
// they were meant: JUnit by the parsers under build servers and test reports,
// HTML by a browser. It needs node, npm and chromium.
package contract_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// need fails the test with a sentence where a program is missing: a proof that
// silently did not run is none.
func need(t *testing.T, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("PLUMBLINE_WITHOUT_NODE") != "" {
		t.Skipf("%s is missing, and PLUMBLINE_WITHOUT_NODE says that this is known", program)
	}
	t.Fatalf("%s is missing: install the package %s, or set PLUMBLINE_WITHOUT_NODE=1 to leave out what needs it", program, debianPackage)
	return ""
}

// installed makes node_modules what package-lock.json says, once a test binary;
// npm writes down what it installed, so an installed tree is not touched again.
func installed(t *testing.T) {
	t.Helper()
	npm := need(t, "npm", "npm")
	need(t, "node", "nodejs")
	if err := install(t.Context(), npm); err != nil {
		t.Fatal(err)
	}
}

func install(ctx context.Context, npm string) error {
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		return err
	}
	stamp := filepath.Join("node_modules", ".plumbline-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts").CombinedOutput(); err != nil {
		return &installError{out, err}
	}
	return os.WriteFile(stamp, lock, 0o644)
}

type installError struct {
	out []byte
	err error
}

func (e *installError) Error() string {
	return "installing the parsers (npm ci): " + e.err.Error() + "\n" + string(e.out)
}

// node runs a script of this folder and logs what it prints.
func node(t *testing.T, limit time.Duration, script string, args ...string) {
	t.Helper()
	installed(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, need(t, "node", "nodejs"), append([]string{script}, args...)...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("node %s: %v", script, err)
	}
}
