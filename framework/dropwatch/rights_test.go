package dropwatch

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// asChild is the variable by which this test's binary is told what to give up. It is
// started anew, as a process never gets back what it gave up.
const asChild = "DROPWATCH_GIVES_UP"

const noBPF = "seccomp"

func TestRightsThatSuffice(t *testing.T) {
	if gives, started := os.LookupEnv(asChild); started {
		startWithout(t, gives)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("root is needed to give up single rights (make test runs these tests as root)")
	}
	keep := func(bits ...uint) string {
		var kept uint64
		for _, bit := range bits {
			kept |= 1 << bit
		}
		return strconv.FormatUint(kept, 10)
	}
	const refuses = "permission: the kernel forbids the maps of a BPF program although the process has the capabilities"
	for _, c := range []struct {
		name, gives string
		attr        *syscall.SysProcAttr
		want        string
	}{
		{"no capability: both are named", keep(), nil, "capabilities: the agent has not CAP_BPF and CAP_PERFMON"},
		{"those of the node agent without BPF: both are named", keep(unix.CAP_NET_ADMIN, unix.CAP_NET_RAW), nil, "capabilities: the agent has not CAP_BPF and CAP_PERFMON"},
		{"CAP_BPF alone: the other is named", keep(unix.CAP_BPF), nil, "capabilities: the agent has not CAP_PERFMON"},
		{"CAP_PERFMON alone: the other is named", keep(unix.CAP_PERFMON), nil, "capabilities: the agent has not CAP_BPF"},
		{"CAP_BPF and CAP_PERFMON: enough", keep(unix.CAP_BPF, unix.CAP_PERFMON), nil, "counting"},
		{"CAP_SYS_ADMIN: enough", keep(unix.CAP_SYS_ADMIN), nil, "counting"},
		{"a seccomp filter is named", noBPF, nil, refuses + " (a seccomp filter is active)"},
		{"a user namespace is named", "", &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}},
		}, refuses + " (it runs in a user namespace)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRightsThatSuffice$", "-test.v")
			child.Env, child.SysProcAttr = append(os.Environ(), asChild+"="+c.gives), c.attr
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, says, _ := strings.Cut(string(out), "SAYS ")
			says, _, _ = strings.Cut(says, "\n")
			if strings.HasPrefix(says, string(LackReason)+":") || strings.HasPrefix(says, string(LackBTF)+":") {
				t.Skip(says)
			}
			if got, _, _ := strings.Cut(says, ": making the map"); got != c.want {
				t.Errorf("got  %s\nwant %s", says, c.want)
			}
		})
	}
}

// startWithout starts a watch on a thread that has given up rights.
func startWithout(t *testing.T, gives string) {
	// Never unlocked: the thread ends with the goroutine.
	runtime.LockOSThread()
	var err error
	switch gives {
	case "":
	case noBPF:
		err = forbidBPF()
	default:
		err = keepCapabilities(gives)
	}
	if err != nil {
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

func keepCapabilities(kept string) error {
	bits, err := strconv.ParseUint(kept, 10, 64)
	if err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(bits), uint32(bits>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	return unix.Capset(&header, &data[0])
}

// forbidBPF installs a filter as a container's runtime has it: bpf(2) is refused (seccomp(2)).
func forbidBPF() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_BPF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	p := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&p)), 0, 0)
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
