package capture

import (
	"fmt"

	"github.com/vishvananda/netlink"
)

// device is what is told of an interface.
type device struct{ name, kind string }

// devices knows the interfaces of the network namespace by their index.
type devices map[int]device

// listDevices asks for all at once. A listing that a change interrupted is not
// whole, and does not have to be: find asks for what is missing.
func listDevices() devices {
	out := devices{}
	links, err := netlink.LinkList()
	if err != nil && len(links) == 0 {
		return out
	}
	for _, l := range links {
		out[l.Attrs().Index] = device{l.Attrs().Name, l.Type()}
	}
	return out
}

// find also gives an interface that came while watching; one that is gone again
// has only its number.
func (d devices) find(index int) device {
	if known, ok := d[index]; ok {
		return known
	}
	found := device{name: fmt.Sprintf("interface %d", index)}
	if l, err := netlink.LinkByIndex(index); err == nil {
		found = device{l.Attrs().Name, l.Type()}
	}
	d[index] = found
	return found
}
