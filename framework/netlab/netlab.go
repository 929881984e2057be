// Package netlab builds small real networks for tests: network namespaces
// without a name, joined by veth pairs, that vanish with the test. What is done
// in them is done by the ordinary tools, so that a test reads like a shell session.
package netlab

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netns"
)

// Namespace is a network namespace. It lives until the test ends, or a process
// that was started in it, whichever is later.
type Namespace struct {
	Name   string // in messages only
	handle netns.NsHandle
}

// Require skips the test where it cannot run, and says what is missing.
func Require(t testing.TB, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("root is needed to make network namespaces (make test runs these tests as root)")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the tool %s is not installed", tool)
		}
	}
}

// New makes a namespace with its loopback device up.
func New(t testing.TB, name string) *Namespace {
	t.Helper()
	Require(t, "ip")
	n := &Namespace{Name: name}
	err := onThread(func() (err error) {
		n.handle, err = netns.New()
		return err
	})
	if err != nil {
		t.Fatalf("making the namespace %s: %v", name, err)
	}
	t.Cleanup(func() { _ = n.handle.Close() })
	n.IP(t, "link set lo up")
	return n
}

// onThread runs f on a thread of its own, which is thrown away afterwards
// (runtime.LockOSThread without unlocking), so that no other goroutine ever
// finds itself in a foreign namespace.
func onThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		result <- f()
	}()
	return <-result
}

// Do runs f in the namespace. Goroutines started by f are not in it.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() error {
		if err := netns.Set(n.handle); err != nil {
			return err
		}
		return f()
	})
}

// Start starts a command in the namespace; the test's end kills it.
func (n *Namespace) Start(t testing.TB, c *exec.Cmd) {
	t.Helper()
	if err := n.Do(c.Start); err != nil {
		t.Fatalf("starting %s in %s: %v", c, n.Name, err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

// IP does commands of ip(8), one a line, without the word "ip" (ip -batch), in
// the namespace, and gives what they print.
func (n *Namespace) IP(t testing.TB, script string) string {
	t.Helper()
	return n.pipe(t, script+"\n", "ip", "-batch", "-")
}

// IP6 does the same for IPv6 alone (ip -6), which rules need.
func (n *Namespace) IP6(t testing.TB, script string) string {
	t.Helper()
	return n.pipe(t, script+"\n", "ip", "-6", "-batch", "-")
}

// NFT loads rules in the syntax of nft(8).
func (n *Namespace) NFT(t testing.TB, rules string) {
	t.Helper()
	Require(t, "nft")
	n.pipe(t, rules, "nft", "-f", "-")
}

func (n *Namespace) pipe(t testing.TB, input string, words ...string) string {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), words[0], words[1:]...)
	c.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := n.Do(c.Run); err != nil {
		t.Fatalf("%s in %s: %v\n%s%s", strings.Join(words, " "), n.Name, err, out.String(), input)
	}
	return out.String()
}

// Set writes a sysctl, given as a path below /proc/sys, in the namespace.
func (n *Namespace) Set(t testing.TB, path, value string) {
	t.Helper()
	err := n.Do(func() error { return os.WriteFile("/proc/sys/"+path, []byte(value), 0) })
	if err != nil {
		t.Fatalf("setting %s in %s: %v", path, n.Name, err)
	}
}

// Join makes a veth pair between two namespaces and sets both ends up.
func Join(t testing.TB, a *Namespace, deviceA string, b *Namespace, deviceB string) {
	t.Helper()
	err := a.Do(func() error { return addPair(deviceA, deviceB, b.handle) })
	if err != nil {
		t.Fatalf("joining %s and %s: %v", a.Name, b.Name, err)
	}
	a.IP(t, "link set "+deviceA+" up")
	b.IP(t, "link set "+deviceB+" up")
}
