package netlab

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// addPair adds a veth pair in the current namespace, its peer in another.
func addPair(name, peer string, peerIn netns.NsHandle) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: peer, PeerNamespace: netlink.NsFd(peerIn)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("adding the pair %s-%s: %w", name, peer, err)
	}
	return nil
}
