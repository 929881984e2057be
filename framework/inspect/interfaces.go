package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func readInterfaces(context.Context) (func(*facts.HostLook), error) {
	all, err := interfaces()
	return func(h *facts.HostLook) { h.Interfaces = all }, err
}

// interfaces lists all interfaces by index with their addresses.
func interfaces() ([]facts.Interface, error) {
	links, err := dumped(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	addrs, addrErr := dumped(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if addrErr != nil {
		addrErr = fmt.Errorf("listing addresses: %w", addrErr)
	}
	off, portErr := hairpinOff()
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var out []facts.Interface
	for _, l := range links {
		one := interfaceOf(l, names, addrs)
		one.HairpinOff = off[one.Index]
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b facts.Interface) int { return cmp.Compare(a.Index, b.Index) })
	return out, errors.Join(addrErr, portErr)
}

func interfaceOf(l netlink.Link, names map[int]string, addrs []netlink.Addr) facts.Interface {
	attrs := l.Attrs()
	i := facts.Interface{
		Name: attrs.Name, Index: attrs.Index, Kind: l.Type(), MTU: attrs.MTU,
		MAC: attrs.HardwareAddr.String(), Up: attrs.Flags&net.FlagUp != 0, Master: names[attrs.MasterIndex],
	}
	for _, a := range addrs {
		p, ok := prefix(a.IPNet)
		if a.LinkIndex != attrs.Index || !ok {
			continue
		}
		i.Addrs = append(i.Addrs, p)
		if a.Flags&unix.IFA_F_PERMANENT == 0 {
			i.Dynamic = append(i.Dynamic, p)
		}
		if a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_OPTIMISTIC == 0 {
			i.Tentative = append(i.Tentative, p)
		}
	}
	i.Parent = parentOf(l, names)
	i.Local, i.Remote = tunnelEnds(l)
	if v, ok := l.(*netlink.Vxlan); ok {
		i.Vxlan = &facts.Vxlan{VNI: v.VxlanId, Port: v.Port, Local: address(v.SrcAddr), Device: i.Parent, External: v.FlowBased}
	}
	return i
}

// parentOf names the device below. The other end of a veth pair is told in the
// same field of the kernel's (IFLA_LINK), and is none; nor does an index of
// another network namespace mean anything here.
func parentOf(l netlink.Link, names map[int]string) string {
	attrs := l.Attrs()
	if v, ok := l.(*netlink.Vxlan); ok {
		return names[v.VtepDevIndex]
	}
	if attrs.NetNsID >= 0 || l.Type() == "veth" || attrs.ParentIndex == attrs.Index {
		return ""
	}
	return names[attrs.ParentIndex]
}

// tunnelEnds are the addresses of a tunnel between two; "any" is the zero value.
func tunnelEnds(l netlink.Link) (local, remote netip.Addr) {
	switch t := l.(type) {
	case *netlink.Iptun:
		local, remote = address(t.Local), address(t.Remote)
	case *netlink.Sittun:
		local, remote = address(t.Local), address(t.Remote)
	case *netlink.Gretun:
		local, remote = address(t.Local), address(t.Remote)
	case *netlink.Gretap:
		local, remote = address(t.Local), address(t.Remote)
	case *netlink.Ip6tnl:
		local, remote = address(t.Local), address(t.Remote)
	case *netlink.Geneve:
		remote = address(t.Remote)
	}
	return specified(local), specified(remote)
}

func specified(a netip.Addr) netip.Addr {
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}

// dumps is how often a listing is repeated that changed while it was read.
const dumps = 3

// dumped repeats a netlink listing that the kernel marked as interrupted by a
// change; what the last one holds is kept.
func dumped[T any](list func() ([]T, error)) ([]T, error) {
	var out []T
	var err error
	for range dumps {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	return out, nil
}

// prefix turns a net.IPNet into a netip.Prefix; the address keeps its host bits.
func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	ones, bits := n.Mask.Size()
	a := address(n.IP)
	if !a.IsValid() || bits == 0 {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, ones), true
}

func address(ip net.IP) netip.Addr {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.Addr{}
	}
	return a.Unmap()
}
