package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readConntrack sums the statistics of connection tracking over the CPUs. A
// kernel built without its files in /proc (CONFIG_NF_CONNTRACK_PROCFS) is asked
// by netlink, but only if the part that answers is in it already: the question
// would load nf_conntrack_netlink. Without connection tracking there is none.
func readConntrack(proc string, has func(symbol string) (bool, error)) (func(*facts.HostLook), error) {
	file, err := os.Open(filepath.Join(proc, "net/stat/nf_conntrack"))
	if err == nil {
		defer func() { _ = file.Close() }()
		text, err := readBounded(file, maxProcText)
		if err != nil {
			return nil, err
		}
		out, err := parseConntrack(text)
		return counted(out), err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the statistics of connection tracking: %w", err)
	}
	if present, err := has("ctnetlink_stat_ct_cpu"); err != nil || !present {
		return nil, err
	}
	out, err := conntrackByNetlink()
	return counted(out), err
}

// conntrackNames are the counters that are kept, with their attributes
// (enum ctattr_stats_cpu, linux/netfilter/nfnetlink_conntrack.h).
func conntrackNames() map[uint16]string {
	return map[uint16]string{
		2: "found", 4: "invalid", 8: "insert", 9: "insert_failed", 10: "drop", 11: "early_drop",
		12: "icmp_error", 13: "search_restart", 14: "clashres", 15: "chainlength",
	}
}

// parseConntrack reads a line of names and one line of hexadecimal values for
// every CPU. The columns differ between kernels, so they go by their names.
func parseConntrack(text string) (map[string]int64, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	names := strings.Fields(lines[0])
	out := map[string]int64{}
	for _, name := range conntrackNames() {
		for _, n := range names {
			if n == name {
				out["conntrack."+name] = 0
			}
		}
	}
	if len(out) == 0 || len(lines) < 2 {
		return nil, fmt.Errorf("reading the statistics of connection tracking: %q names no counters", clipped(lines[0]))
	}
	for _, line := range lines[1:] {
		values := strings.Fields(line)
		if len(values) != len(names) {
			return nil, fmt.Errorf("reading the statistics of connection tracking: %d values for %d names", len(values), len(names))
		}
		for i, v := range values {
			key := "conntrack." + names[i]
			if _, wanted := out[key]; !wanted {
				continue
			}
			n, err := strconv.ParseUint(v, 16, 32)
			if err != nil {
				return nil, fmt.Errorf("reading the statistics of connection tracking: %s is %q", names[i], clipped(v))
			}
			out[key] += int64(n)
		}
	}
	return out, nil
}

// conntrackByNetlink sends IPCTNL_MSG_CT_GET_STATS_CPU.
func conntrackByNetlink() (map[string]int64, error) {
	const getStatsCPU = 4
	request := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|getStatsCPU, unix.NLM_F_DUMP)
	request.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: unix.NFNETLINK_V0})
	messages, err := request.Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return nil, fmt.Errorf("asking for the statistics of connection tracking: %w", err)
	}
	names, out := conntrackNames(), map[string]int64{}
	for _, m := range messages {
		if len(m) < nl.SizeofNfgenmsg {
			return nil, fmt.Errorf("the statistics of connection tracking have %d bytes", len(m))
		}
		attrs, err := attributes(m[nl.SizeofNfgenmsg:])
		if err != nil {
			return nil, fmt.Errorf("parsing the statistics of connection tracking: %w", err)
		}
		for _, a := range attrs {
			if name, wanted := names[a.Attr.Type&^unix.NLA_F_NET_BYTEORDER]; wanted && len(a.Value) == 4 {
				out["conntrack."+name] += int64(binary.BigEndian.Uint32(a.Value))
			}
		}
	}
	return out, nil
}
