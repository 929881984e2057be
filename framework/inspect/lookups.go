package inspect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// interfaceOfPods in Lookup.Iif stands for the interface behind which Lookup.Src
// is; it is the word that package topology asks with (InterfaceOfPods).
const interfaceOfPods = "@pods"

// readLookups asks the kernel which way packets would go. A refusal of the kernel
// is an answer (Lookup.Errno); what could not be asked is an error, and no answer.
func readLookups(ask []facts.Lookup) (func(*facts.HostLook), error) {
	if len(ask) == 0 {
		return nil, nil
	}
	names, err := linkNames()
	problems := []error{err}
	index := map[string]int{}
	for i, name := range names {
		index[name] = i
	}
	var out []facts.Lookup
	for _, l := range ask {
		answer, err := lookup(l, names, index)
		if err != nil {
			problems = append(problems, fmt.Errorf("looking up the route to %s (%s): %w", l.Dst, l.For, err))
			continue
		}
		out = append(out, answer)
	}
	return func(h *facts.HostLook) { h.Lookups = out }, errors.Join(problems...)
}

func lookup(l facts.Lookup, names map[int]string, index map[string]int) (facts.Lookup, error) {
	if l.Iif == interfaceOfPods {
		dev, err := interfaceTowards(l.Src, names)
		if err != nil {
			return l, fmt.Errorf("finding the interface of %s: %w", l.Src, err)
		}
		l.Iif = dev
	}
	iif, known := index[l.Iif]
	if l.Iif != "" && !known {
		return l, fmt.Errorf("there is no interface %s", l.Iif)
	}
	answer, err := routeTo(l.Dst, l.Src, iif, names)
	var errno unix.Errno
	if errors.As(err, &errno) {
		l.Errno = errnoWord(errno)
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.Dev, l.Gateway, l.PrefSrc, l.Table, l.Type = answer.Dev, answer.Gateway, answer.Src, answer.Table, answer.Type
	return l, nil
}

// interfaceTowards is the interface by which the host reaches one of its pods.
func interfaceTowards(pod netip.Addr, names map[int]string) (string, error) {
	r, err := routeTo(pod, netip.Addr{}, 0, names)
	switch {
	case err != nil:
		return "", err
	case r.Type != "unicast" || r.Dev == "":
		return "", fmt.Errorf("the route to it is of type %s", r.Type)
	default:
		return r.Dev, nil
	}
}

// routeTo asks with RTM_GETROUTE. With an interface the answer is the one for a
// packet that comes in by it, which the kernel checks as if there were one: the
// source must be plausible there (rp_filter answers EXDEV or EINVAL).
func routeTo(dst, src netip.Addr, iif int, names map[int]string) (facts.Route, error) {
	if !dst.IsValid() {
		return facts.Route{}, errors.New("no address is given")
	}
	family := uint8(unix.AF_INET)
	if dst.Is6() {
		family = unix.AF_INET6
	}
	request := nl.NewNetlinkRequest(unix.RTM_GETROUTE, 0)
	message := &nl.RtMsg{}
	message.Family, message.Dst_len = family, uint8(dst.BitLen())
	// Without this flag the kernel names the main table whichever it was.
	message.Flags = unix.RTM_F_LOOKUP_TABLE
	request.AddData(message)
	request.AddData(nl.NewRtAttr(unix.RTA_DST, dst.AsSlice()))
	if src.IsValid() {
		message.Src_len = uint8(src.BitLen())
		request.AddData(nl.NewRtAttr(unix.RTA_SRC, src.AsSlice()))
	}
	if iif != 0 {
		request.AddData(nl.NewRtAttr(unix.RTA_IIF, nl.Uint32Attr(uint32(iif))))
	}
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	if err != nil {
		return facts.Route{}, fmt.Errorf("asking the kernel: %w", err)
	}
	if len(messages) == 0 {
		return facts.Route{}, errors.New("the kernel gave no answer")
	}
	return parseAnswer(messages[0], names)
}

func parseAnswer(message []byte, names map[int]string) (facts.Route, error) {
	if len(message) < unix.SizeofRtMsg {
		return facts.Route{}, fmt.Errorf("the answer has %d bytes", len(message))
	}
	header := nl.DeserializeRtMsg(message)
	attrs, err := attributes(message[header.Len():])
	if err != nil {
		return facts.Route{}, fmt.Errorf("parsing the answer: %w", err)
	}
	r := facts.Route{Table: int(header.Table), Type: routeType(int(header.Type))}
	for _, a := range attrs {
		v := a.Value
		switch a.Attr.Type {
		case unix.RTA_TABLE:
			r.Table = int(number(v))
		case unix.RTA_OIF:
			r.Dev = names[int(number(v))]
		case unix.RTA_GATEWAY:
			r.Gateway = address(net.IP(v))
		case unix.RTA_VIA: // struct rtvia: the family in two bytes, then the address
			if len(v) > 2 && !r.Gateway.IsValid() {
				r.Gateway = address(net.IP(v[2:]))
			}
		case unix.RTA_PREFSRC:
			r.Src = address(net.IP(v))
		}
	}
	return r, nil
}

func errnoWord(e unix.Errno) string {
	if word := unix.ErrnoName(e); word != "" {
		return word
	}
	return fmt.Sprintf("errno %d", int(e))
}
