package inspect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxNamespaces bounds how many networks of pods are looked at: four times what
// the kubelet runs by default, and networks without a pod are few.
const maxNamespaces = 500

// network is a network namespace, seen through one of its processes.
type network struct {
	dir   string // /proc/PID/net
	addrs []netip.Addr
	procs []process
}

// sandbox is the process with which container runtimes keep a pod's namespaces; it
// has no sockets.
const sandbox = "pause"

// sole is the first process of the network if all have the same name; otherwise it
// has none.
func (n *network) sole() process {
	var out process
	for _, p := range n.procs {
		switch {
		case p.name == sandbox:
		case out.name == "":
			out = p
		case out.name != p.name:
			return process{}
		}
	}
	return out
}

// networks are the network namespaces of the processes, without the reader's own.
func networks(proc string, all []process, own uint64) ([]network, error) {
	var out []network
	at := map[uint64]int{}
	for _, p := range all {
		if p.kernel || p.netns == 0 || p.netns == own {
			continue
		}
		i, known := at[p.netns]
		if !known {
			if len(out) == maxNamespaces {
				return out, fmt.Errorf("there are more than %d network namespaces", maxNamespaces)
			}
			i = len(out)
			at[p.netns] = i
			out = append(out, network{dir: filepath.Join(proc, strconv.Itoa(p.pid), "net")})
		}
		out[i].procs = append(out[i].procs, p)
	}
	return out, nil
}

// addresses are the global addresses of a network namespace, IPv4 first: what
// the routing takes as local, and the list of IPv6. Anybody may read them.
func (n *network) addresses() []netip.Addr {
	if n.addrs != nil {
		return n.addrs
	}
	n.addrs = []netip.Addr{}
	for _, source := range []struct {
		file  string
		parse func(string) []netip.Addr
	}{{"fib_trie", parseFibTrie}, {"if_inet6", parseIfInet6}} {
		// One that is not there has no addresses of its family, or its process has ended.
		if file, err := os.Open(filepath.Join(n.dir, source.file)); err == nil {
			text, err := readBounded(file, maxProcText)
			_ = file.Close()
			if err == nil {
				n.addrs = append(n.addrs, source.parse(text)...)
			}
		}
	}
	return n.addrs
}

// label is a pod's address, or what else tells its network.
func (n *network) label() string {
	if all := n.addresses(); len(all) > 0 {
		return all[0].String()
	}
	return n.dir
}

// overflowed says whether any listener of the network has lost a connection since
// it was made.
func (n *network) overflowed() (bool, error) {
	file, err := os.Open(filepath.Join(n.dir, "netstat"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading counters: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := readBounded(file, maxProcText)
	if err != nil {
		return false, err
	}
	counters, err := parsePairs("netstat", text)
	return counters["netstat.TcpExt.ListenOverflows"] > 0, err
}

// parseFibTrie gives the addresses that /proc/net/fib_trie has as hosts of type
// LOCAL: a line "|-- 10.244.1.5", and below it "/32 host LOCAL". They are listed
// once for every table.
func parseFibTrie(text string) []netip.Addr {
	var out []netip.Addr
	var last netip.Addr
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if leaf, ok := strings.CutPrefix(line, "|-- "); ok {
			last, _ = netip.ParseAddr(leaf)
			continue
		}
		if line == "/32 host LOCAL" && last.IsGlobalUnicast() && !slices.Contains(out, last) {
			out = append(out, last)
		}
	}
	return out
}

// parseIfInet6 gives the global addresses of /proc/net/if_inet6: 32 digits of
// address, then the index, the length of the prefix, the scope (0 is global), flags
// and the device's name, in hexadecimal.
func parseIfInet6(text string) []netip.Addr {
	const addr, scope, fields = 0, 3, 6
	var out []netip.Addr
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) != fields || f[scope] != "00" {
			continue
		}
		raw, err := hex.DecodeString(f[addr])
		if err != nil || len(raw) != 16 {
			continue
		}
		out = append(out, netip.AddrFrom16([16]byte(raw)))
	}
	return out
}
