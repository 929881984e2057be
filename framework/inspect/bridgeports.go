package inspect

import (
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// hairpinOff lists by index the bridge ports that do not send a frame back where
// it came from (IFLA_BRPORT_MODE is 0, linux/if_link.h).
func hairpinOff() (map[int]bool, error) {
	messages, err := dumped(func() ([][]byte, error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		request.AddData(nl.NewIfInfomsg(unix.AF_BRIDGE))
		return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	})
	if err != nil {
		return nil, fmt.Errorf("listing bridge ports: %w", err)
	}
	off := map[int]bool{}
	for _, m := range messages {
		index, hairpin, err := parseBridgePort(m)
		if err != nil {
			return off, fmt.Errorf("reading a bridge port: %w", err)
		}
		if hairpin != nil && !*hairpin {
			off[index] = true
		}
	}
	return off, nil
}

// parseBridgePort gives nil for a bridge itself, which is listed with its ports.
func parseBridgePort(message []byte) (int, *bool, error) {
	if len(message) < unix.SizeofIfInfomsg {
		return 0, nil, fmt.Errorf("the message has %d bytes", len(message))
	}
	header := nl.DeserializeIfInfomsg(message)
	attrs, err := attributes(message[header.Len():])
	if err != nil {
		return 0, nil, fmt.Errorf("parsing attributes: %w", err)
	}
	for _, a := range attrs {
		if a.Attr.Type&^unix.NLA_F_NESTED != unix.IFLA_PROTINFO {
			continue
		}
		of, err := attributes(a.Value)
		if err != nil {
			return 0, nil, fmt.Errorf("parsing the attributes of the port: %w", err)
		}
		for _, p := range of {
			if p.Attr.Type == nl.IFLA_BRPORT_MODE && len(p.Value) > 0 {
				on := p.Value[0] != 0
				return int(header.Index), &on, nil
			}
		}
	}
	return int(header.Index), nil, nil
}
