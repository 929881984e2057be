package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// arpRequests go out arpEvery apart; arpWait is how long answers are collected in all.
	arpRequests = 3
	arpEvery    = 200 * time.Millisecond
	arpWait     = 700 * time.Millisecond
)

// askOwners asks on the wire who has an address, as a host does before it takes
// one (RFC 5227 section 2.1.1: the sender's IP address is 0.0.0.0, which changes
// nobody's table), and collects all MACs that answer. The own kernel does not
// answer its own question, so that of an own address silence is right.
func askOwners(ctx context.Context, e *env, _ facts.Flow, t facts.Target, a *answer) {
	w := e.start()
	a.settled, a.told = true, true
	link, own, err := onLink(t.Addr.Unmap())
	if err != nil {
		w.Outcome, w.Note = facts.NotRun, err.Error()
		a.attempts = append(a.attempts, w.Attempt)
		return
	}
	x := w.collect(ctx, link, t.Addr.Unmap(), a)
	if own && x.Outcome == facts.Timeout {
		x.Outcome, x.Micros, x.Note = facts.OK, 0, "nobody else has this host's own address"
	}
	a.attempts = append(a.attempts, x)
}

// onLink finds the device on whose segment an address is, and whether it is the
// host's own.
func onLink(to netip.Addr) (netlink.Link, bool, error) {
	if !to.Is4() {
		return nil, false, errors.New("ARP is for IPv4 alone")
	}
	found, err := netlink.RouteGet(to.AsSlice())
	if err != nil || len(found) == 0 {
		return nil, false, fmt.Errorf("no route leads to %s: %w", to, err)
	}
	own := found[0].Type == unix.RTN_LOCAL
	if !own && found[0].Gw != nil {
		return nil, false, fmt.Errorf("%s is behind the gateway %s, not on this segment", to, found[0].Gw)
	}
	link, err := netlink.LinkByIndex(found[0].LinkIndex)
	if own {
		link, err = holder(to)
	}
	if err != nil {
		return nil, own, fmt.Errorf("finding the device of %s: %w", to, err)
	}
	at := link.Attrs()
	if at.EncapType != "ether" || at.RawFlags&unix.IFF_NOARP != 0 || len(at.HardwareAddr) != macLen {
		return nil, own, fmt.Errorf("the device %s of %s speaks no ARP", at.Name, to)
	}
	return link, own, nil
}

func holder(to netip.Addr) (netlink.Link, error) {
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if got, ok := netip.AddrFromSlice(a.IP); ok && got.Unmap() == to {
			return netlink.LinkByIndex(a.LinkIndex)
		}
	}
	return nil, errors.New("no device holds it")
}

// collect asks and listens; the time is that of the first answer.
func (w *watch) collect(ctx context.Context, link netlink.Link, to netip.Addr, a *answer) facts.Attempt {
	s, err := packetSocket(ctx, link.Attrs().Index)
	if err != nil && notPermitted(err) {
		w.Outcome, w.Errno, w.Note = facts.NotRun, unix.ErrnoName(unix.EPERM), "no packet socket is permitted: CAP_NET_RAW is missing"
		return w.Attempt
	}
	if err != nil {
		return w.failed(ctx, nil, err)
	}
	defer s.close()
	sending := sendRequests(ctx, s, link, to)
	buffer := make([]byte, 256)
	for {
		n, err := s.receive(buffer)
		if err != nil {
			if serr := <-sending; serr != nil {
				err = serr
			}
			if len(a.met) > 0 && ctx.Err() == nil {
				w.Outcome = facts.OK
				return w.Attempt
			}
			return w.failed(ctx, nil, err)
		}
		mac, ok := parseARPReply(buffer[:n], to)
		if !ok || slices.Contains(a.met, mac.String()) {
			continue
		}
		if len(a.met) == 0 {
			w.lap()
		}
		a.met = append(a.met, mac.String())
		slices.Sort(a.met)
	}
}

// packetSocket hears the ARP of one device, without the link layer's header.
func packetSocket(ctx context.Context, index int) (*socket, error) {
	const protocol = unix.ETH_P_ARP>>8 | unix.ETH_P_ARP&0xff<<8 // network byte order (packet(7))
	s, err := open(ctx, unix.AF_PACKET, unix.SOCK_DGRAM, 0, arpWait)
	if err != nil {
		return nil, err
	}
	cerr := s.raw.Control(func(fd uintptr) {
		err = unix.Bind(int(fd), &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: index})
	})
	if err = errors.Join(cerr, err); err != nil {
		s.close()
		return nil, fmt.Errorf("listening to ARP: %w", err)
	}
	return s, nil
}

// sendRequests sends from a goroutine of its own and gives its error, if any.
func sendRequests(ctx context.Context, s *socket, link netlink.Link, to netip.Addr) <-chan error {
	result := make(chan error, 1)
	go func() {
		broadcast := &unix.SockaddrLinklayer{
			Protocol: unix.ETH_P_ARP>>8 | unix.ETH_P_ARP&0xff<<8, Ifindex: link.Attrs().Index, Halen: macLen,
			Addr: [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		}
		var err error
		for n := range arpRequests {
			if n > 0 {
				wait(ctx, arpEvery)
			}
			cerr := s.raw.Control(func(fd uintptr) {
				err = unix.Sendto(int(fd), arpRequest(link.Attrs().HardwareAddr, to), 0, broadcast)
			})
			if err = errors.Join(cerr, err); err != nil {
				break
			}
		}
		result <- err
	}()
	return result
}

// The packet of RFC 826 for Ethernet and IPv4, in bytes.
const (
	macLen    = 6
	arpLen    = 28
	arpAsk    = 1
	arpAnswer = 2
)

func arpRequest(own net.HardwareAddr, to netip.Addr) []byte {
	b := []byte{0, 1, 8, 0, macLen, 4, 0, arpAsk}
	b = append(append(b, own...), 0, 0, 0, 0) // the sender, without an IP address
	b = append(b, 0, 0, 0, 0, 0, 0)           // whom we look for
	return append(b, to.AsSlice()...)
}

// parseARPReply gives the MAC of an answer about an address.
func parseARPReply(b []byte, about netip.Addr) (net.HardwareAddr, bool) {
	if len(b) < arpLen || binary.BigEndian.Uint16(b) != 1 || binary.BigEndian.Uint16(b[2:]) != unix.ETH_P_IP ||
		b[4] != macLen || b[5] != 4 || binary.BigEndian.Uint16(b[6:]) != arpAnswer {
		return nil, false
	}
	if netip.AddrFrom4([4]byte(b[14:18])) != about {
		return nil, false
	}
	return slices.Clone(net.HardwareAddr(b[8:14])), true
}
