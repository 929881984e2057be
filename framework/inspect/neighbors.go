package inspect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// maxNeighbors bounds what is kept of a neighbour table or forwarding database;
// gc_thresh3, which bounds the tables themselves, is seldom larger.
const maxNeighbors = 20000

// readNeighbors lists the ARP and ND tables of this network namespace, and the
// entries for which it answers itself (ip neigh show proxy). What ip-neighbour(8)
// leaves out, for there is nothing to resolve, is left out: noarp.
func readNeighbors(context.Context) (func(*facts.HostLook), error) {
	names, err := linkNames()
	problems := []error{err}
	var out []facts.Neighbor
	for _, flags := range []uint8{0, netlink.NTF_PROXY} {
		all, err := neighborDump(netlink.Ndmsg{Family: unix.AF_UNSPEC, Flags: flags}, maxNeighbors)
		if err != nil {
			problems = append(problems, fmt.Errorf("listing neighbours: %w", err))
		}
		for _, n := range all {
			if one := neighborOf(n, names); one.State != "noarp" && one.Addr.IsValid() {
				out = append(out, one)
			}
		}
	}
	return func(h *facts.HostLook) { h.Neighbors = out }, errors.Join(problems...)
}

// readFDB lists the forwarding databases: what VXLAN devices send where, and what
// bridges know behind their ports. The address filters of other devices, which
// the kernel lists with them, are left out.
func readFDB(context.Context) (func(*facts.HostLook), error) {
	names, err := linkNames()
	problems := []error{err}
	all, err := neighborDump(netlink.Ndmsg{Family: unix.AF_BRIDGE}, maxNeighbors)
	if err != nil {
		problems = append(problems, fmt.Errorf("listing forwarding entries: %w", err))
	}
	var out []facts.FDBEntry
	for _, n := range all {
		if !n.dst.IsValid() && n.master == 0 {
			continue
		}
		out = append(out, facts.FDBEntry{
			MAC: n.mac.String(), Dev: names[n.index], Dst: n.dst, State: forwardingState(n.state),
		})
	}
	return func(h *facts.HostLook) { h.FDB = out }, errors.Join(problems...)
}

// neighborDump asks for a table (RTM_GETNEIGH); nothing is loaded for it, as the
// tables are part of the kernel's core. A table with more than most entries is cut
// off, with an error.
func neighborDump(ask netlink.Ndmsg, most int) ([]entry, error) {
	var out []entry
	var problems []error
	_, err := dumped(func() ([]struct{}, error) {
		out, problems = nil, nil
		more := 0
		request := nl.NewNetlinkRequest(unix.RTM_GETNEIGH, unix.NLM_F_DUMP)
		request.AddData(&ask)
		err := request.ExecuteIter(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH, func(m []byte) bool {
			if len(out) == most {
				more++
				return true
			}
			if one, err := parseNeighbor(m); err != nil {
				problems = append(problems, err)
			} else if one.bridge == (ask.Family == unix.AF_BRIDGE) {
				out = append(out, one)
			}
			return true
		})
		if more > 0 {
			problems = append(problems, fmt.Errorf("%d entries beyond the first %d are left out", more, most))
		}
		return nil, err
	})
	return out, errors.Join(err, errors.Join(problems...))
}

// entry is struct ndmsg (linux/neighbour.h) with the attributes that matter here.
type entry struct {
	index, master int
	state         uint16
	flags         uint8
	bridge        bool
	dst           netip.Addr
	mac           net.HardwareAddr
}

func parseNeighbor(m []byte) (entry, error) {
	const header = 12 // sizeof(struct ndmsg)
	if len(m) < header {
		return entry{}, fmt.Errorf("an entry has %d bytes", len(m))
	}
	attrs, err := attributes(m[header:])
	if err != nil {
		return entry{}, fmt.Errorf("parsing an entry: %w", err)
	}
	e := entry{
		index: int(number(m[4:])), state: binary.NativeEndian.Uint16(m[8:]), flags: m[10], bridge: m[0] == unix.AF_BRIDGE,
	}
	for _, a := range attrs {
		switch a.Attr.Type {
		case netlink.NDA_DST:
			e.dst = address(a.Value)
		case netlink.NDA_LLADDR:
			e.mac = net.HardwareAddr(a.Value)
		case netlink.NDA_MASTER:
			e.master = int(number(a.Value))
		}
	}
	return e, nil
}

func neighborOf(n entry, names map[int]string) facts.Neighbor {
	out := facts.Neighbor{
		Addr: n.dst, Dev: names[n.index], MAC: n.mac.String(), State: neighborState(n.state),
	}
	for _, f := range []struct {
		bit  uint8
		word string
	}{
		{netlink.NTF_PROXY, "proxy"}, {netlink.NTF_EXT_LEARNED, "extern_learn"}, {netlink.NTF_ROUTER, "router"}, {netlink.NTF_OFFLOADED, "offload"},
	} {
		if n.flags&f.bit != 0 {
			out.Flags = append(out.Flags, f.word)
		}
	}
	return out
}

// neighborState is the word of ip-neighbour(8) for NUD_* (linux/neighbour.h).
func neighborState(state uint16) string {
	words := map[uint16]string{
		netlink.NUD_NONE: "none", netlink.NUD_INCOMPLETE: "incomplete", netlink.NUD_REACHABLE: "reachable", netlink.NUD_STALE: "stale",
		netlink.NUD_DELAY: "delay", netlink.NUD_PROBE: "probe", netlink.NUD_FAILED: "failed", netlink.NUD_NOARP: "noarp", netlink.NUD_PERMANENT: "permanent",
	}
	if word, known := words[state]; known {
		return word
	}
	return fmt.Sprintf("0x%x", state)
}

// forwardingState is the word of bridge-fdb(8): an entry made by hand that ages
// by no clock is static; "" is one that was learned and is in use.
func forwardingState(state uint16) string {
	switch {
	case state&netlink.NUD_PERMANENT != 0:
		return "permanent"
	case state&netlink.NUD_NOARP != 0:
		return "static"
	case state&netlink.NUD_STALE != 0:
		return "stale"
	default:
		return ""
	}
}
