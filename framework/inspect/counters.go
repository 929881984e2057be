package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// procRoot is where processes and the counters of the reader's own network
// namespace are; the agent on the host's network reads the host's.
const procRoot = "/proc"

// maxProcText bounds a text of /proc/net that is kept as a whole, in bytes. Those
// texts have a few kilobytes; fib_trie has some hundred bytes for every route.
const maxProcText = 8 << 20

// readProcCounters reads the counters of the protocols and of the queues between
// the network card and them. A file that is not there (no IPv6) has no counters.
func readProcCounters(proc string) (func(*facts.HostLook), error) {
	out := map[string]int64{}
	var problems []error
	for _, source := range []struct {
		file, prefix string
		parse        func(prefix, text string) (map[string]int64, error)
	}{
		{"net/snmp", "snmp", parsePairs},
		{"net/netstat", "netstat", parsePairs},
		{"net/snmp6", "snmp6", parseColumns},
	} {
		text, err := readProc(filepath.Join(proc, source.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		got, err := source.parse(source.prefix, text)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading /proc/%s: %w", source.file, err))
		}
		maps.Copy(out, got)
	}
	got, err := softnet(proc)
	maps.Copy(out, got)
	problems = append(problems, err)
	return counted(out), errors.Join(problems...)
}

// counted adds counters to those that other parts have put into the look.
func counted(some map[string]int64) func(*facts.HostLook) {
	return func(h *facts.HostLook) {
		if h.Counters == nil {
			h.Counters = map[string]int64{}
		}
		maps.Copy(h.Counters, some)
	}
}

func readProc(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading counters: %w", err)
	}
	defer func() { _ = file.Close() }()
	return readBounded(file, maxProcText)
}

// kept are the groups of /proc/net/snmp and netstat that matter to a network;
// MPTCP alone would add some seventy names.
func kept(group string) bool {
	return slices.Contains([]string{"Ip", "Icmp", "Tcp", "Udp", "UdpLite", "TcpExt", "IpExt"}, group)
}

// gauge: what does not count, though it stands among the counters
// (RFC 4293, RFC 4022).
func gauge(name string) bool {
	return slices.Contains([]string{
		"Ip.Forwarding", "Ip.DefaultTTL", "Tcp.RtoAlgorithm", "Tcp.RtoMin", "Tcp.RtoMax", "Tcp.MaxConn", "Tcp.CurrEstab",
	}, name)
}

// parsePairs reads the form of /proc/net/snmp and netstat: a line of names and a
// line of values, both with the group and a colon in front (proc(5)).
func parsePairs(prefix, text string) (map[string]int64, error) {
	out := map[string]int64{}
	var problems []error
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || names[0] != values[0] || !strings.HasSuffix(names[0], ":") {
			problems = append(problems, fmt.Errorf("line %d: %q and the line below do not fit", i+1, clipped(lines[i])))
			continue
		}
		group := strings.TrimSuffix(names[0], ":")
		for k := 1; k < len(names) && kept(group); k++ {
			name := group + "." + names[k]
			v, err := strconv.ParseInt(values[k], 10, 64)
			if err != nil {
				problems = append(problems, fmt.Errorf("line %d: %s is no number: %q", i+2, name, clipped(values[k])))
			} else if !gauge(name) {
				out[prefix+"."+name] = v
			}
		}
	}
	return out, errors.Join(problems...)
}

// parseColumns reads the form of /proc/net/snmp6: a name and a value on a line.
func parseColumns(prefix, text string) (map[string]int64, error) {
	out := map[string]int64{}
	var problems []error
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) == 2 {
			if v, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				out[prefix+"."+fields[0]] = v
				continue
			}
		}
		problems = append(problems, fmt.Errorf("line %d: %q is no counter", i+1, clipped(line)))
	}
	return out, errors.Join(problems...)
}

// softnet sums over the CPUs what happened to packets between the network card
// and the protocols: dropped are those for which the backlog had no room
// (net.core.netdev_max_backlog), time_squeeze counts the rounds that ended with
// packets left (net.core.netdev_budget).
func softnet(proc string) (map[string]int64, error) {
	under, err := procfs.NewFS(proc)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", proc, err)
	}
	all, err := under.NetSoftnetStat()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading /proc/net/softnet_stat: %w", err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("reading /proc/net/softnet_stat: it names no CPU")
	}
	out := map[string]int64{"softnet.processed": 0, "softnet.dropped": 0, "softnet.time_squeeze": 0, "softnet.flow_limit": 0}
	for _, cpu := range all {
		out["softnet.processed"] += int64(cpu.Processed)
		out["softnet.dropped"] += int64(cpu.Dropped)
		out["softnet.time_squeeze"] += int64(cpu.TimeSqueezed)
		out["softnet.flow_limit"] += int64(cpu.FlowLimitCount)
	}
	return out, nil
}
