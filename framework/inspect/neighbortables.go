package inspect

import (
	"encoding/binary"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readNeighborTables reads how often the ARP and ND tables had no room. The same
// numbers stand in /proc/net/stat/arp_cache and ndisc_cache, but there only in the
// first network namespace; they are of the whole machine either way.
func readNeighborTables() (func(*facts.HostLook), error) {
	messages, err := dumped(func() ([][]byte, error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETNEIGHTBL, unix.NLM_F_DUMP)
		request.AddData(&nl.RtGenMsg{RtGenmsg: unix.RtGenmsg{Family: unix.AF_UNSPEC}})
		return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGHTBL)
	})
	if err != nil {
		return nil, fmt.Errorf("listing neighbour tables: %w", err)
	}
	out := map[string]int64{}
	for _, m := range messages {
		name, stats, err := parseNeighborTable(m)
		if err != nil {
			return counted(out), fmt.Errorf("reading a neighbour table: %w", err)
		}
		if word := map[string]string{"arp_cache": "arp", "ndisc_cache": "nd"}[name]; word != "" {
			for key, v := range stats {
				out["neigh."+word+"."+key] = v
			}
		}
	}
	return counted(out), nil
}

// parseNeighborTable reads struct ndtmsg and its attributes (linux/neighbour.h). A
// message of a device's own settings has no statistics.
func parseNeighborTable(message []byte) (string, map[string]int64, error) {
	const header, nameAttr, statsAttr = 4, 1, 7 // sizeof(struct ndtmsg), NDTA_NAME, NDTA_STATS
	if len(message) < header {
		return "", nil, fmt.Errorf("the message has %d bytes", len(message))
	}
	attrs, err := attributes(message[header:])
	if err != nil {
		return "", nil, fmt.Errorf("parsing attributes: %w", err)
	}
	name, stats := "", map[string]int64{}
	for _, a := range attrs {
		switch a.Attr.Type &^ unix.NLA_F_NESTED {
		case nameAttr:
			name = unix.ByteSliceToString(a.Value)
		case statsAttr:
			// struct ndt_stats; older kernels send fewer.
			for i, key := range []string{
				"", "", "", "res_failed", "", "", "", "", "", "forced_gc_runs", "table_fulls",
			} {
				if at := 8 * i; key != "" && len(a.Value) >= at+8 {
					stats[key] = int64(binary.NativeEndian.Uint64(a.Value[at:]))
				}
			}
		}
	}
	return name, stats, nil
}
