package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// procSys is where the kernel shows its settings. Those of the network are of
// the network namespace of the reader (Documentation/admin-guide/sysctl/net.rst),
// so the agent on the host's network reads the host's.
const procSys = "/proc/sys"

// sysctlPatterns are the settings that are read, as paths below /proc/sys. A
// pattern that matches nothing (bridge, conntrack: the module is not loaded) is
// no error; the name is then missing in the look.
func sysctlPatterns() []string {
	return []string{
		"net/ipv4/ip_forward",
		"net/ipv4/ip_local_port_range",
		"net/ipv4/ip_local_reserved_ports",
		"net/ipv4/ip_no_pmtu_disc",
		"net/ipv4/tcp_mtu_probing",
		"net/ipv4/tcp_tw_reuse",
		"net/ipv4/tcp_max_syn_backlog",
		"net/ipv4/tcp_syncookies",
		"net/ipv4/tcp_fin_timeout",
		"net/ipv4/tcp_max_tw_buckets",
		"net/ipv4/tcp_mem",
		"net/ipv4/tcp_rmem",
		"net/ipv4/tcp_wmem",
		"net/ipv4/udp_mem",
		"net/ipv4/icmp_echo_ignore_all",
		"net/ipv4/icmp_ratelimit",
		"net/ipv4/ping_group_range",
		"net/ipv4/neigh/default/gc_thresh[123]",
		"net/ipv4/conf/*/forwarding",
		"net/ipv4/conf/*/rp_filter",
		"net/ipv4/conf/*/arp_ignore",
		"net/ipv4/conf/*/arp_announce",
		"net/ipv4/conf/*/proxy_arp",
		"net/ipv4/conf/*/route_localnet",
		"net/ipv6/conf/*/forwarding",
		"net/ipv6/conf/*/disable_ipv6",
		"net/ipv6/conf/*/accept_ra",
		"net/ipv6/bindv6only",
		"net/ipv6/neigh/default/gc_thresh[123]",
		"net/bridge/bridge-nf-call-*",
		"net/netfilter/nf_conntrack_max",
		"net/netfilter/nf_conntrack_count",
		"net/netfilter/nf_conntrack_buckets",
		"net/netfilter/nf_conntrack_tcp_be_liberal",
		"net/netfilter/nf_conntrack_tcp_timeout_established",
		"net/netfilter/nf_conntrack_udp_timeout",
		"net/netfilter/nf_conntrack_udp_timeout_stream",
		"net/core/somaxconn",
		"net/core/netdev_max_backlog",
		"net/core/netdev_budget",
		"net/core/rmem_default",
		"net/core/rmem_max",
		"net/core/wmem_default",
		"net/core/wmem_max",
		"kernel/pid_max",
		"kernel/threads-max",
		"fs/file-max",
		"fs/file-nr",
		"fs/inotify/max_user_instances",
		"fs/inotify/max_user_watches",
	}
}

func readSysctls(context.Context) (func(*facts.HostLook), error) {
	values, err := sysctlsBelow(procSys, sysctlPatterns())
	return func(h *facts.HostLook) { h.Sysctls = values }, err
}

func sysctlsBelow(root string, patterns []string) (map[string]string, error) {
	values := map[string]string{}
	var problems []error
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			problems = append(problems, fmt.Errorf("matching %s: %w", pattern, err))
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			switch {
			case errors.Is(err, fs.ErrNotExist): // the interface went away meanwhile
			case err != nil:
				problems = append(problems, fmt.Errorf("reading a sysctl: %w", err))
			default:
				name := dotted(strings.TrimPrefix(path, root+"/"))
				values[name] = strings.Join(strings.Fields(string(raw)), " ")
			}
		}
	}
	return values, errors.Join(problems...)
}

// dotted gives a key as sysctl(8) prints it. If the first separator is a slash,
// slashes and dots change places: net/ipv4/conf/eth0.5/forwarding is
// net.ipv4.conf.eth0/5.forwarding. Otherwise the key is as it should be
// (sysctl.d(5), "Configuration format").
func dotted(key string) string {
	if i := strings.IndexAny(key, "./"); i < 0 || key[i] == '.' {
		return key
	}
	return exchanged(key)
}

// pathOf gives the path of a key below /proc/sys.
func pathOf(key string) string {
	if i := strings.IndexAny(key, "./"); i < 0 || key[i] == '/' {
		return key
	}
	return exchanged(key)
}

func exchanged(key string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		default:
			return r
		}
	}, key)
}
