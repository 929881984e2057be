package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// loaded changes the load in a look, whichever part comes first.
func loaded(change func(*facts.Load)) func(*facts.HostLook) {
	return func(h *facts.HostLook) {
		if h.Load == nil {
			h.Load = &facts.Load{}
		}
		change(h.Load)
	}
}

// readLoad reads how busy the processors and the memory are. The pressure is
// missing where the kernel does not measure it (CONFIG_PSI, psi=0).
func readLoad(proc, sys string) (func(*facts.HostLook), error) {
	under, err := procfs.NewFS(proc)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", proc, err)
	}
	l := facts.Load{CPUs: online(sys), Stall: map[string]float64{}}
	var problems []error
	if avg, err := under.LoadAvg(); err != nil {
		problems = append(problems, fmt.Errorf("reading the load: %w", err))
	} else {
		l.Load1, l.Load5, l.Load15 = avg.Load1, avg.Load5, avg.Load15
	}
	if mem, err := under.Meminfo(); err != nil {
		problems = append(problems, fmt.Errorf("reading the memory: %w", err))
	} else {
		l.MemTotal, l.MemAvailable = bytesOf(mem.MemTotalBytes), bytesOf(mem.MemAvailableBytes)
	}
	for _, resource := range []string{"cpu", "io", "memory"} {
		stats, err := under.PSIStatsForResource(resource)
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP):
		case err != nil:
			problems = append(problems, fmt.Errorf("reading the pressure: %w", err))
		default:
			addStall(l.Stall, resource+".some.", stats.Some)
			addStall(l.Stall, resource+".full.", stats.Full)
		}
	}
	return loaded(func(to *facts.Load) {
		l.Filesystems, l.ComputeMicros = to.Filesystems, to.ComputeMicros
		*to = l
	}), errors.Join(problems...)
}

func addStall(out map[string]float64, prefix string, p *procfs.PSILine) {
	if p != nil {
		out[prefix+"avg10"], out[prefix+"avg60"], out[prefix+"avg300"] = p.Avg10, p.Avg60, p.Avg300
	}
}

func bytesOf(v *uint64) int64 {
	if v == nil {
		return 0
	}
	return int64(*v)
}

// online counts the processors of the host, which the agent itself may not be
// allowed to use.
func online(sys string) int {
	text, err := readProc(filepath.Join(sys, "devices/system/cpu/online"))
	if err != nil {
		return runtime.NumCPU()
	}
	if n := countList(text); n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// countList counts the numbers of a list such as "0-3,8"; 0 is a text that is none.
func countList(text string) int {
	count := 0
	for _, part := range strings.Split(strings.TrimSpace(text), ",") {
		from, to, several := strings.Cut(part, "-")
		first, err := strconv.ParseUint(from, 10, 16)
		if err != nil {
			return 0
		}
		last := first
		if several {
			if last, err = strconv.ParseUint(to, 10, 16); err != nil || last < first {
				return 0
			}
		}
		count += int(last-first) + 1
	}
	return count
}

// readFilesystems asks for the room where pods' images, logs and volumes are.
func readFilesystems(root string) (func(*facts.HostLook), error) {
	var out []facts.Filesystem
	var problems []error
	for _, path := range []string{"/", "/var/lib/kubelet"} {
		below, err := securejoin.SecureJoin(root, path)
		if err != nil {
			problems = append(problems, fmt.Errorf("resolving %s: %w", path, err))
			continue
		}
		var s unix.Statfs_t
		if err := unix.Statfs(below, &s); errors.Is(err, unix.ENOENT) {
			continue
		} else if err != nil {
			problems = append(problems, fmt.Errorf("asking for the room in %s: %w", path, err))
			continue
		}
		block := int64(s.Frsize)
		out = append(out, facts.Filesystem{
			Path: path, Size: int64(s.Blocks) * block, Available: int64(s.Bavail) * block,
			Inodes: int64(s.Files), InodesFree: int64(s.Ffree),
		})
	}
	return loaded(func(l *facts.Load) { l.Filesystems = out }), errors.Join(problems...)
}

const (
	// computeRuns and computeSteps: a run is some milliseconds of one core.
	computeRuns  = 3
	computeSteps = 2_000_000
)

// readCompute measures how long the fixed computation takes, at best: what
// disturbs a run makes it longer, never shorter.
func readCompute(ctx context.Context) (func(*facts.HostLook), error) {
	best, result := time.Duration(0), uint64(0)
	for i := range computeRuns {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("computing: %w", ctx.Err())
		}
		begin := time.Now()
		result = compute(computeSteps)
		if took := time.Since(begin); i == 0 || took < best {
			best = took
		}
	}
	if result == 0 { // the result has to be used, or there is nothing to compute
		return nil, errors.New("computing: the result is wrong")
	}
	return loaded(func(l *facts.Load) { l.ComputeMicros = max(1, int(best.Microseconds())) }), nil
}

// compute is a chain in which every step waits for the one before: it depends on
// the clock of the core, and little on what else a processor can do at once. (Hash
// functions would compare the processors' instructions for them.)
func compute(steps int) uint64 {
	x := uint64(0x9e3779b97f4a7c15)
	for range steps {
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}
