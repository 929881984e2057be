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
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var out []facts.Interface
	for _, l := range links {
		out = append(out, interfaceOf(l, names, addrs))
	}
	slices.SortFunc(out, func(a, b facts.Interface) int { return cmp.Compare(a.Index, b.Index) })
	return out, addrErr
}

func interfaceOf(l netlink.Link, names map[int]string, addrs []netlink.Addr) facts.Interface {
	attrs := l.Attrs()
	i := facts.Interface{
		Name: attrs.Name, Index: attrs.Index, Kind: l.Type(), MTU: attrs.MTU,
		MAC: attrs.HardwareAddr.String(), Up: attrs.Flags&net.FlagUp != 0, Master: names[attrs.MasterIndex],
	}
	for _, a := range addrs {
		if a.LinkIndex == attrs.Index {
			if p, ok := prefix(a.IPNet); ok {
				i.Addrs = append(i.Addrs, p)
			}
		}
	}
	if v, ok := l.(*netlink.Vxlan); ok {
		i.Vxlan = &facts.Vxlan{VNI: v.VxlanId, Port: v.Port, Local: address(v.SrcAddr), Device: names[v.VtepDevIndex]}
	}
	return i
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
