package inspect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// maxQueues, maxUDP and maxPeers bound what is kept of the sockets.
	maxQueues = 200
	maxUDP    = 2000
	maxPeers  = 50000
	// mostDestinations is how many far ends are told.
	mostDestinations = 10
)

// portOf is a port that Inspect.Listening asks for.
type portOf struct {
	proto string
	port  uint16
}

func portsOf(asked []facts.Listening) map[portOf]bool {
	out := map[portOf]bool{}
	for _, a := range asked {
		out[portOf{a.Proto, a.Port}] = true
	}
	return out
}

// sieve keeps of the sockets of a network namespace those that a look tells of.
type sieve struct {
	asked map[portOf]bool
	// late are those that may not keep up; bound those that hold an asked port.
	late, bound []socket
	lost        int // more than maxQueues are late
}

func (s *sieve) add(one socket) {
	if one.behind(true) {
		if len(s.late) < maxQueues {
			s.late = append(s.late, one)
		} else {
			s.lost++
		}
	}
	if s.asked[portOf{one.proto, one.local.Port()}] && one.listens() {
		s.bound = append(s.bound, one)
	}
}

// listens: it takes what comes from anybody.
func (s socket) listens() bool {
	return s.state == listening || s.proto == "udp" && !s.connected()
}

// census counts the sockets of the host's own network besides.
type census struct {
	sieve
	states map[string]int
	peers  map[netip.AddrPort]*facts.Destination
	udp    []socket
	// many: what did not find room.
	manyPeers, manyUDP int
}

func newCensus(asked map[portOf]bool) *census {
	return &census{sieve: sieve{asked: asked}, states: map[string]int{}, peers: map[netip.AddrPort]*facts.Destination{}}
}

func (c *census) add(one socket) {
	c.sieve.add(one)
	if one.proto == "udp" {
		if len(c.udp) < maxUDP {
			c.udp = append(c.udp, one)
		} else {
			c.manyUDP++
		}
		return
	}
	c.states[one.state]++
	if !one.connected() {
		return
	}
	d, known := c.peers[one.peer]
	if !known {
		if len(c.peers) == maxPeers {
			c.manyPeers++
			return
		}
		d = &facts.Destination{Peer: one.peer}
		c.peers[one.peer] = d
	}
	switch one.state {
	case timeWait:
		d.TimeWait++
	case established:
		d.Established++
	default:
		d.Other++
	}
}

// overfull says what did not find room; nil is nothing.
func (c *census) overfull() error {
	if c.manyPeers+c.manyUDP+c.lost == 0 {
		return nil
	}
	return fmt.Errorf("left out are %d sockets to further far ends, %d UDP sockets and %d full queues", c.manyPeers, c.manyUDP, c.lost)
}

// destinations are the far ends with the most sockets.
func (c *census) destinations() []facts.Destination {
	var out []facts.Destination
	for _, d := range c.peers {
		out = append(out, *d)
	}
	count := func(d facts.Destination) int { return d.TimeWait + d.Established + d.Other }
	slices.SortFunc(out, func(a, b facts.Destination) int { return cmp.Or(count(b)-count(a), a.Peer.Compare(b.Peer)) })
	return slices.Clip(out[:min(len(out), mostDestinations)])
}
