package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// podsBudget is how long the networks of pods may take in all: where there are
// very many sockets, the kernel goes through all of them for every network.
const podsBudget = 2 * time.Second

// sighted is what was seen of all sockets, before their owners are known.
type sighted struct {
	host     *census
	late     []lateSocket
	heard    []heard
	problems []error
}

// lateSocket is one that does not keep up.
type lateSocket struct {
	socket
	netns string
	sole  process // the only one in its network, where there is but one
}

// readSockets looks at the sockets of the host's own network and of its pods'.
func readSockets(ctx context.Context, proc string, all []process, asked []facts.Listening, has func(string) (bool, error)) (func(*facts.HostLook), error) {
	s := sighted{}
	s.lookAtHost(proc, portsOf(asked), has)
	s.lookAtPods(ctx, proc, all, asked)
	o := findOwners(ctx, proc, all, s.wanted())
	kernels, err := kernelPorts()
	s.problems = append(s.problems, err, s.host.overfull())
	out := &facts.Sockets{States: s.host.states, Destinations: s.host.destinations(), Queues: s.ownedQueues(o)}
	for _, u := range s.host.udp {
		out.UDP = append(out.UDP, boundSocket(u, o, kernels))
	}
	slices.SortFunc(out.UDP, func(a, b facts.BoundSocket) int {
		return cmp.Or(cmp.Compare(a.Local.Port(), b.Local.Port()), a.Local.Compare(b.Local))
	})
	answers := answersTo(asked, s.heard, o)
	return func(h *facts.HostLook) { h.Sockets, h.Listening = out, answers }, errors.Join(s.problems...)
}

// lookAtHost reads TCP by inet_diag, which tells the backlog of listeners, where
// that is in the kernel already; otherwise, and UDP with its drops, from /proc.
func (s *sighted) lookAtHost(proc string, asked map[portOf]bool, has func(string) (bool, error)) {
	dir := filepath.Join(proc, "net")
	host := network{dir: dir}
	present, err := has("tcp_diag_dump")
	s.host = newCensus(asked)
	if err == nil && present {
		err = tcpByDiag(s.host.add)
	}
	if err != nil || !present {
		s.host = newCensus(asked)
		err = socketsOf(dir, "tcp", nil, s.host.add)
	}
	s.problems = append(s.problems, err, socketsOf(dir, "udp", nil, s.host.add))
	s.keepLate(&s.host.sieve, &host, "host")
	if len(asked) > 0 {
		s.heard = append(s.heard, heard{addrs: host.addresses(), bound: s.host.bound})
	}
}

// lookAtPods reads the tables of every other network. Each shows its own sockets
// only, whoever reads.
func (s *sighted) lookAtPods(ctx context.Context, proc string, all []process, asked []facts.Listening) {
	ctx, cancel := context.WithTimeout(ctx, podsBudget)
	defer cancel()
	others, err := networks(proc, all, netnsOf(filepath.Join(proc, "self")))
	s.problems = append(s.problems, err)
	for i := range others {
		n := &others[i]
		if ctx.Err() != nil {
			s.problems = append(s.problems, fmt.Errorf("the sockets of %d more networks of pods were not read within %s", len(others)-i, podsBudget))
			return
		}
		kept := sieve{asked: portsOf(asked)}
		unused := unusedTables(n.dir)
		for _, proto := range []string{"tcp", "udp"} {
			if err := socketsOf(n.dir, proto, unused, kept.add); err != nil && !gone(err) {
				s.problems = append(s.problems, err)
			}
		}
		if len(kept.late) > 0 {
			s.keepLate(&kept, n, "")
		}
		if len(asked) > 0 {
			s.heard = append(s.heard, heard{addrs: n.addresses(), bound: kept.bound, sole: n.sole()})
		}
	}
}

// keepLate keeps the sockets that do not keep up. Where a listener's backlog is
// not known, the network's counter of lost connections has to speak against it.
func (s *sighted) keepLate(from *sieve, n *network, label string) {
	overflowed, err := n.overflowed()
	s.problems = append(s.problems, err)
	for _, one := range from.late {
		if one.behind(overflowed) {
			s.late = append(s.late, lateSocket{one, cmp.Or(label, n.label()), n.sole()})
		}
	}
}

// wanted are the inodes of the sockets whose owners are told.
func (s *sighted) wanted() map[uint64]bool {
	out := map[uint64]bool{}
	for _, l := range s.late {
		out[l.inode] = true
	}
	for _, u := range s.host.udp {
		out[u.inode] = true
	}
	for _, h := range s.heard {
		for _, b := range h.bound {
			out[b.inode] = true
		}
	}
	delete(out, 0)
	return out
}

// ownedQueues puts the names to the queues, those with the most waiting first.
func (s *sighted) ownedQueues(o owners) []facts.SocketQueue {
	var out []facts.SocketQueue
	for _, l := range s.late {
		q := l.queue(l.netns)
		p, known := o.in(l.inode, l.sole)
		q.Process, q.PID, q.OwnerUnknown = p.name, p.pid, !known
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b facts.SocketQueue) int {
		return cmp.Or(b.RecvQ+b.SendQ-a.RecvQ-a.SendQ, a.Local.Compare(b.Local), a.Peer.Compare(b.Peer))
	})
	if more := len(out) - maxQueues; more > 0 {
		s.problems = append(s.problems, fmt.Errorf("%d more full queues are left out", more))
		out = out[:maxQueues]
	}
	return out
}

// boundSocket tells who holds a port. Where the owner was not seen, the port of a
// tunnel that is up is the kernel's: it could not be up if the port were taken.
func boundSocket(u socket, o owners, kernels map[uint16]bool) facts.BoundSocket {
	p, known := o.of(u.inode)
	return facts.BoundSocket{Local: u.local, Process: p.name, PID: p.pid, OwnerUnknown: !known && !kernels[u.local.Port()]}
}

// kernelPorts are the UDP ports of VXLAN and Geneve devices that are up: a device
// opens its socket when it is set up (ndo_open), and shares the port with nobody.
func kernelPorts() (map[uint16]bool, error) {
	links, err := dumped(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("listing tunnels: %w", err)
	}
	out := map[uint16]bool{}
	for _, l := range links {
		if l.Attrs().Flags&net.FlagUp == 0 {
			continue
		}
		switch t := l.(type) {
		case *netlink.Vxlan:
			out[uint16(t.Port)] = true
		case *netlink.Geneve:
			out[t.Dport] = true
		}
	}
	return out, nil
}
