package inspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// readLinkCounters reads what network devices lost: their own statistics, under
// the names that /sys/class/net/DEV/statistics has, and the drops of their
// queueing disciplines. Those of pods are left out: there may be hundreds, they
// come and go, and a pod that does not keep up is no fault of its node.
func readLinkCounters() (func(*facts.HostLook), error) {
	messages, err := dumped(func() ([][]byte, error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	})
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	addrs, err := dumped(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	problems := []error{err}
	out, names := map[string]int64{}, map[int]string{}
	for _, m := range messages {
		link, err := netlink.LinkDeserialize(nil, m)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading an interface: %w", err))
			continue
		}
		if ofPod(link, addrs) {
			continue
		}
		names[link.Attrs().Index] = link.Attrs().Name
		addLink(out, link.Attrs(), m)
	}
	kinds, err := addQdiscs(out, names)
	problems = append(problems, err)
	add := counted(out)
	return func(h *facts.HostLook) {
		add(h)
		h.Qdiscs = kinds
	}, errors.Join(problems...)
}

// ofPod: a veth whose other end is in another network namespace and that joins
// this host to no subnet. (Where nodes are containers, their own eth0 is a veth.)
func ofPod(l netlink.Link, addrs []netlink.Addr) bool {
	if l.Type() != "veth" || l.Attrs().NetNsID < 0 {
		return false
	}
	for _, a := range addrs {
		if p, ok := prefix(a.IPNet); ok && a.LinkIndex == l.Attrs().Index && joins(p) {
			return false
		}
	}
	return true
}

func joins(p netip.Prefix) bool {
	return p.Addr().IsGlobalUnicast() && p.Bits() < p.Addr().BitLen()
}

func addLink(out map[string]int64, attrs *netlink.LinkAttrs, message []byte) {
	key := "iface." + attrs.Name + "."
	if s := attrs.Statistics; s != nil {
		for name, v := range map[string]uint64{
			"rx_packets": s.RxPackets, "tx_packets": s.TxPackets, "rx_errors": s.RxErrors, "tx_errors": s.TxErrors,
			"rx_dropped": s.RxDropped, "tx_dropped": s.TxDropped, "collisions": s.Collisions,
			"rx_length_errors": s.RxLengthErrors, "rx_over_errors": s.RxOverErrors, "rx_crc_errors": s.RxCrcErrors,
			"rx_frame_errors": s.RxFrameErrors, "rx_fifo_errors": s.RxFifoErrors, "rx_missed_errors": s.RxMissedErrors,
			"tx_aborted_errors": s.TxAbortedErrors, "tx_carrier_errors": s.TxCarrierErrors, "tx_fifo_errors": s.TxFifoErrors,
		} {
			out[key+name] = int64(v)
		}
	}
	parsed, err := attributes(message[unix.SizeofIfInfomsg:])
	if err != nil {
		return // netlink has just parsed the same message
	}
	for _, a := range parsed {
		if a.Attr.Type == unix.IFLA_CARRIER_CHANGES && len(a.Value) >= 4 {
			out[key+"carrier_changes"] = int64(number(a.Value))
		}
	}
}

// addQdiscs adds the drops of every device's root queueing discipline, which sums
// those below it, and gives the kind of those that queue.
func addQdiscs(out map[string]int64, names map[int]string) (map[string]string, error) {
	messages, err := dumped(func() ([][]byte, error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETQDISC, unix.NLM_F_DUMP)
		request.AddData(&nl.TcMsg{Family: nl.FAMILY_ALL})
		return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWQDISC)
	})
	if err != nil {
		return nil, fmt.Errorf("listing queueing disciplines: %w", err)
	}
	kinds := map[string]string{}
	for _, m := range messages {
		q, err := parseQdisc(m)
		if err != nil {
			return kinds, fmt.Errorf("reading a queueing discipline: %w", err)
		}
		name := names[q.index]
		if name == "" {
			continue
		}
		if q.drops >= 0 {
			out["qdisc."+name+".drops"] = q.drops
		}
		if q.kind != "" && q.kind != "noqueue" {
			kinds[name] = q.kind
		}
	}
	return kinds, nil
}

// qdisc is the root queueing discipline of a device; the zero index is none.
type qdisc struct {
	index int
	kind  string
	drops int64 // -1: it counts nothing
}

func parseQdisc(message []byte) (qdisc, error) {
	none := qdisc{drops: -1}
	if len(message) < nl.SizeofTcMsg {
		return none, fmt.Errorf("the message has %d bytes", len(message))
	}
	header := nl.DeserializeTcMsg(message)
	if header.Parent != netlink.HANDLE_ROOT {
		return none, nil
	}
	attrs, err := attributes(message[nl.SizeofTcMsg:])
	if err != nil {
		return none, fmt.Errorf("parsing attributes: %w", err)
	}
	out := qdisc{index: int(header.Ifindex), drops: -1}
	for _, a := range attrs {
		switch a.Attr.Type &^ unix.NLA_F_NESTED {
		case nl.TCA_KIND:
			out.kind = string(bytes.TrimRight(a.Value, "\x00"))
		case nl.TCA_STATS2:
			if out.drops, err = queueDrops(a.Value); err != nil {
				return none, err
			}
		}
	}
	return out, nil
}

// queueDrops reads struct gnet_stats_queue: qlen, backlog, drops, requeues, overlimits.
func queueDrops(value []byte) (int64, error) {
	stats, err := attributes(value)
	if err != nil {
		return -1, fmt.Errorf("parsing statistics: %w", err)
	}
	for _, s := range stats {
		if s.Attr.Type == nl.TCA_STATS_QUEUE && len(s.Value) >= 12 {
			return int64(binary.NativeEndian.Uint32(s.Value[8:])), nil
		}
	}
	return -1, nil
}
