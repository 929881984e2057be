package dropwatch

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Lack is what is missing where the kernel cannot be asked.
type Lack string

// What may be missing.
const (
	// LackReason: the kernel is too old, its tracepoint tells no reason.
	LackReason Lack = "reason"
	// LackBTF: the kernel does not tell how its types are laid out.
	LackBTF Lack = "btf"
	// LackLayout: its types are not those that are known here.
	LackLayout Lack = "layout"
	// LackCapabilities: the process may not load such a program.
	LackCapabilities Lack = "capabilities"
	// LackPermission: it has the capabilities, and is refused all the same
	// (seccomp, lockdown, a user namespace).
	LackPermission Lack = "permission"
	// LackRoom: more different drops than fit; what was counted is given nevertheless.
	LackRoom Lack = "room"
	// LackOther: anything else.
	LackOther Lack = "other"
)

// Unable says in a sentence why the kernel's reasons are not known, or not wholly.
// The sentence is made for facts.Watch.NoDrops.
type Unable struct {
	Lack Lack
	Says string
	Err  error // what the kernel answered, if it was asked
}

func (u *Unable) Error() string {
	if u.Err == nil {
		return u.Says
	}
	return u.Says + ": " + u.Err.Error()
}

func (u *Unable) Unwrap() error { return u.Err }

// missingCapabilities names what is needed and not there: CAP_BPF to make maps and load programs, and
// CAP_PERFMON for tracing and for reading the kernel's memory. CAP_SYS_ADMIN has
// both (capabilities(7)).
func missingCapabilities(effective uint64) []string {
	has := func(c uint) bool { return effective&(1<<c) != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil
	}
	var missing []string
	if !has(unix.CAP_BPF) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_PERFMON) {
		missing = append(missing, "CAP_PERFMON")
	}
	return missing
}

// effectiveCapabilities are those of the calling thread.
func effectiveCapabilities() (uint64, error) {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, fmt.Errorf("asking for the process's capabilities: %w", err)
	}
	return uint64(data[0].Effective) | uint64(data[1].Effective)<<32, nil
}

// checkRights refuses before the kernel is asked, as the kernel's own answer is
// only "operation not permitted", whatever is missing.
func checkRights() error {
	effective, err := effectiveCapabilities()
	if err != nil {
		return &Unable{LackOther, "the process's capabilities could not be read", err}
	}
	if missing := missingCapabilities(effective); len(missing) > 0 {
		return &Unable{LackCapabilities, "the agent has not " + strings.Join(missing, " and "), nil}
	}
	if locked(readState("/sys/kernel/security/lockdown")) {
		return &Unable{LackPermission, "the kernel is locked down (confidentiality), so its memory must not be read", nil}
	}
	return nil
}

// locked: in this mode, and only in this, bpf_probe_read_kernel is refused
// (security/lockdown, LOCKDOWN_BPF_READ_KERNEL).
func locked(lockdown string) bool { return strings.Contains(lockdown, "[confidentiality]") }

// refused explains an answer of the kernel that the capabilities do not.
func refused(doing string, err error) error {
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
		return &Unable{LackOther, "the kernel did not take " + doing, brief(err)}
	}
	return &Unable{LackPermission, fmt.Sprintf("the kernel forbids %s although the process has the capabilities%s",
		doing, likely(readState("/proc/thread-self/status"), readState("/proc/self/uid_map"))), brief(err)}
}

// likely names what is known to refuse: a seccomp filter (proc(5), Seccomp: 2), or
// a user namespace, whose capabilities do not count for this.
func likely(status, uidMap string) string {
	var by []string
	for line := range strings.Lines(status) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "Seccomp:" && f[1] == "2" {
			by = append(by, "a seccomp filter is active")
		}
	}
	if f := strings.Fields(uidMap); len(f) >= 3 && (f[0] != "0" || f[1] != "0" || f[2] != "4294967295") {
		by = append(by, "it runs in a user namespace")
	}
	if len(by) == 0 {
		return ""
	}
	return " (" + strings.Join(by, ", ") + ")"
}

// brief leaves out the verifier's protocol, which has hundreds of lines.
func brief(err error) error {
	var long *ebpf.VerifierError
	if errors.As(err, &long) && len(long.Log) > 0 {
		last := long.Log[max(0, len(long.Log)-2):]
		return fmt.Errorf("%w (%s)", long.Cause, strings.Join(last, "; "))
	}
	return err
}

// readState reads a small file of the kernel; empty where it cannot be read.
func readState(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
