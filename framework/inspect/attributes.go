package inspect

import (
	"slices"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// attributes parses the attributes of a netlink message. The last one may lack the
// padding that nl.ParseRouteAttr takes for granted.
func attributes(b []byte) ([]syscall.NetlinkRouteAttr, error) {
	if over := len(b) % unix.RTA_ALIGNTO; over != 0 {
		b = append(slices.Clip(b), make([]byte, unix.RTA_ALIGNTO-over)...)
	}
	return nl.ParseRouteAttr(b)
}
