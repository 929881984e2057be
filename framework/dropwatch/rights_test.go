package dropwatch

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// keepOnly is the variable by which this test's binary is told which capabilities to
// keep. It is started anew, as a process never gets back what it gave up.
const keepOnly = "DROPWATCH_KEEPS"

func TestRightsThatSuffice(t *testing.T) {
	if kept, started := os.LookupEnv(keepOnly); started {
		startWith(t, kept)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("root is needed to give up single capabilities (make test runs these tests as root)")
	}
	const needs = ", which reading the kernel's reasons for dropped packets needs"
	for _, c := range []struct {
		name string
		keep []uint
		want string
	}{
		{"none: both are named", nil, "capabilities: the process has not CAP_BPF and CAP_PERFMON" + needs},
		{"those of the node agent without BPF: both are named", []uint{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}, "capabilities: the process has not CAP_BPF and CAP_PERFMON" + needs},
		{"CAP_BPF alone: the other is named", []uint{unix.CAP_BPF}, "capabilities: the process has not CAP_PERFMON" + needs},
		{"CAP_PERFMON alone: the other is named", []uint{unix.CAP_PERFMON}, "capabilities: the process has not CAP_BPF" + needs},
		{"CAP_BPF and CAP_PERFMON: enough", []uint{unix.CAP_BPF, unix.CAP_PERFMON}, "counting"},
		{"CAP_SYS_ADMIN: enough", []uint{unix.CAP_SYS_ADMIN}, "counting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var kept uint64
			for _, bit := range c.keep {
				kept |= 1 << bit
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRightsThatSuffice$", "-test.v")
			child.Env = append(os.Environ(), keepOnly+"="+strconv.FormatUint(kept, 10))
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, says, _ := strings.Cut(string(out), "SAYS ")
			says, _, _ = strings.Cut(says, "\n")
			if strings.HasPrefix(says, string(LackReason)+":") || strings.HasPrefix(says, string(LackBTF)+":") || strings.HasPrefix(says, string(LackPermission)+":") {
				t.Skip(says)
			}
			if says != c.want {
				t.Errorf("got  %s\nwant %s", says, c.want)
			}
		})
	}
}

// startWith starts a watch on a thread that has given up all capabilities but some.
func startWith(t *testing.T, kept string) {
	bits, err := strconv.ParseUint(kept, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	// Never unlocked: the thread ends with the goroutine.
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(bits), uint32(bits>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	if err := unix.Capset(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
	w, err := Start(context.Background(), flow(9000, "udp"))
	var unable *Unable
	switch {
	case errors.As(err, &unable):
		t.Logf("SAYS %s: %v", unable.Lack, err)
	case err != nil:
		t.Logf("SAYS an error of no type: %v", err)
	default:
		_, err := w.Stop()
		if err != nil {
			t.Fatal(err)
		}
		t.Log("SAYS counting")
	}
}

func TestWhatRefusesIsNamed(t *testing.T) {
	const init = "         0          0 4294967295\n"
	for _, c := range []struct{ name, status, uidMap, want string }{
		{"nothing is known", "Name:\tagent\nSeccomp:\t0\n", init, ""},
		{"a seccomp filter", "Seccomp:\t2\nSeccomp_filters:\t1\n", init, " (a seccomp filter is active)"},
		{"a user namespace", "Seccomp:\t0\n", "         0     100000      65536\n", " (it runs in a user namespace)"},
		{"both", "Seccomp:\t2\n", "0 1000 1\n", " (a seccomp filter is active, it runs in a user namespace)"},
		{"files that could not be read", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := likely(c.status, c.uidMap); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestARefusalIsTyped(t *testing.T) {
	var unable *Unable
	if err := refused("a BPF program", unix.EPERM); !errors.As(err, &unable) || unable.Lack != LackPermission || !errors.Is(err, unix.EPERM) {
		t.Errorf("EPERM: %v", err)
	}
	if err := refused("a BPF program", unix.ENOMEM); !errors.As(err, &unable) || unable.Lack != LackOther || !errors.Is(err, unix.ENOMEM) {
		t.Errorf("ENOMEM: %v", err)
	}
}

func TestOnlyTheLockdownOfSecretsForbidsReading(t *testing.T) {
	for _, c := range []struct {
		name, state string
		want        bool
	}{
		{"none", "[none] integrity confidentiality\n", false},
		{"integrity", "none [integrity] confidentiality\n", false},
		{"confidentiality", "none integrity [confidentiality]\n", true},
		{"not told", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := locked(c.state); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
