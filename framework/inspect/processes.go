package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// maxProcesses bounds how many processes are looked at; more is an error.
const maxProcesses = 50000

// process is one of the host's.
type process struct {
	pid  int
	name string
	// kernel: a thread of the kernel.
	kernel bool
	// netns tells network namespaces from one another; 0 is not known.
	netns uint64
}

// listProcesses lists the processes that proc shows: all of the host, for the
// agent is in its PID namespace. Those that end meanwhile are left out.
func listProcesses(ctx context.Context, proc string) ([]process, error) {
	dir, err := os.Open(proc)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var out []process
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if len(out) == maxProcesses {
			return out, fmt.Errorf("listing processes: there are more than %d", maxProcesses)
		}
		if ctx.Err() != nil {
			return out, fmt.Errorf("listing processes: %w", ctx.Err())
		}
		one, err := readProcess(proc, pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b process) int { return cmp.Compare(a.pid, b.pid) })
	return out, nil
}

func readProcess(proc string, pid int) (process, error) {
	dir := filepath.Join(proc, strconv.Itoa(pid))
	raw, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return process{}, fmt.Errorf("reading a process: %w", err)
	}
	one, err := parseStat(string(raw))
	if err != nil {
		return process{}, fmt.Errorf("reading process %d: %w", pid, err)
	}
	one.pid, one.netns = pid, netnsOf(dir)
	return one, nil
}

// netnsOf tells the network namespace of a process. The link ns/net may be read
// only by those who may trace the process (ptrace(2), PTRACE_MODE_READ), but every
// network namespace has files of its own below /proc/PID/net, which anybody may
// look at: the inode of one of them tells as much.
func netnsOf(dir string) uint64 {
	info, err := os.Stat(filepath.Join(dir, "net", "dev"))
	if err != nil {
		return 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return stat.Ino
}

// parseStat reads the name and the flags of /proc/PID/stat (proc_pid_stat(5)). The
// name stands in brackets and may hold any character, brackets too.
func parseStat(text string) (process, error) {
	const flagsField, kernelThread = 6, 0x00200000 // after the name; PF_KTHREAD (linux/sched.h)
	from, to := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if from < 0 || to < from {
		return process{}, fmt.Errorf("%q has no name", clipped(text))
	}
	fields := strings.Fields(text[to+1:])
	if len(fields) <= flagsField {
		return process{}, fmt.Errorf("%q is too short", clipped(text))
	}
	flags, err := strconv.ParseUint(fields[flagsField], 10, 64)
	if err != nil {
		return process{}, fmt.Errorf("the flags are %q", clipped(fields[flagsField]))
	}
	return process{name: text[from+1 : to], kernel: flags&kernelThread != 0}, nil
}

// byName counts the processes of every name, without threads of the kernel.
func byName(all []process) []facts.Process {
	at := map[string]int{}
	var out []facts.Process
	for _, p := range all {
		if p.kernel {
			continue
		}
		i, known := at[p.name]
		if !known {
			i = len(out)
			at[p.name] = i
			out = append(out, facts.Process{Name: p.name, PID: p.pid})
		}
		out[i].Count++
	}
	slices.SortFunc(out, func(a, b facts.Process) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
