package inspect

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// fifo is a named pipe nobody writes to: opening it blocks for ever.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPartThatHangsOrFailsCostsOnlyItself(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	hang := make(chan struct{})
	defer close(hang)
	var h facts.HostLook
	together(ctx, &h, []part{
		{"good", func(context.Context) (func(*facts.HostLook), error) {
			return func(h *facts.HostLook) { h.Kernel = "6.1" }, nil
		}},
		{"half", func(context.Context) (func(*facts.HostLook), error) {
			return func(h *facts.HostLook) { h.Sysctls = map[string]string{"a": "1"} }, errors.New("b is missing")
		}},
		{"panics", func(context.Context) (func(*facts.HostLook), error) { panic("index out of range") }},
		{"bad", func(context.Context) (func(*facts.HostLook), error) { return nil, errors.New("no permission") }},
		{"hung", func(context.Context) (func(*facts.HostLook), error) {
			<-hang
			return func(h *facts.HostLook) { h.Kernel = "too late" }, nil
		}},
	})
	if h.Kernel != "6.1" || h.Sysctls["a"] != "1" {
		t.Errorf("what was read is missing: %+v", h)
	}
	got := map[string]string{}
	for _, e := range h.Errors {
		got[e.What] = e.Says
	}
	if len(got) != 4 || !strings.Contains(got["panics"], "index out of range") || got["half"] != "b is missing" || got["bad"] != "no permission" || !strings.Contains(got["hung"], "not read in time") {
		t.Errorf("errors %+v", h.Errors)
	}
}

func TestSysctlsAreReadWithTheirNamesAndMissingOnesAreMissing(t *testing.T) {
	proc := tree(t, map[string]string{
		"net/ipv4/ip_forward": "1\n", "net/ipv4/ip_local_port_range": "32768\t60999\n",
		"net/ipv4/conf/eth0.5/rp_filter": "2\n", "net/ipv4/conf/all/rp_filter": "0\n", "net/ipv4/conf/all/forwarding/x": "a directory",
	})
	got, err := sysctlsBelow(proc, sysctlPatterns())
	want := map[string]string{
		"net.ipv4.ip_forward": "1", "net.ipv4.ip_local_port_range": "32768 60999",
		"net.ipv4.conf.eth0/5.rp_filter": "2", "net.ipv4.conf.all.rp_filter": "0",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, %v is expected", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), "forwarding") {
		t.Errorf("what could not be read is not told: %v", err)
	}
}

func TestResolvConfIsReadInsideTheHostOrSaysWhyNot(t *testing.T) {
	linked := tree(t, map[string]string{"etc/resolv.conf": "-> /run/systemd/resolve/resolv.conf", "run/systemd/resolve/resolv.conf": "nameserver 10.0.0.1\n"})
	if got := ResolvConf(linked); got.Text != "nameserver 10.0.0.1\n" || got.NotRun != "" || got.Path != resolvConf {
		t.Errorf("%+v", got)
	}
	dangling := tree(t, map[string]string{"etc/resolv.conf": "-> /run/nothing"})
	if got := ResolvConf(dangling); got.Text != "" || got.NotRun == "" {
		t.Errorf("%+v", got)
	}
}

func TestALookAtThisHostChangesNothingAndIsComplete(t *testing.T) {
	before, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
	if err != nil {
		t.Fatal(err)
	}
	h := Look(t.Context(), wire.Inspect{Look: facts.First})
	if h.Look != facts.First || h.Kernel == "" || h.SysctlFiles == nil || h.ResolvConf == nil || len(h.Firewall) != 5 {
		t.Errorf("look %s, kernel %q, %d dumps, errors %+v", h.Look, h.Kernel, len(h.Firewall), h.Errors)
	}
	if h.Sysctls["net.ipv4.ip_forward"] != strings.TrimSpace(string(before)) {
		t.Errorf("ip_forward is %q, the file says %q", h.Sysctls["net.ipv4.ip_forward"], before)
	}
	lo, ok := h.Interface("lo")
	if !ok || lo.Kind != "device" || lo.MTU == 0 {
		t.Errorf("lo is %+v", lo)
	}
}
