// Package dropwatch asks the kernel why it throws packets of one flow away: since
// Linux 5.17 the tracepoint skb:kfree_skb has a reason (include/net/dropreason-core.h).
// A small program, assembled here with the offsets of this kernel's own types,
// counts in the kernel what belongs to the flow. It only reads, and goes with the
// process, whatever ends it.
package dropwatch

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Filter says which packets are of the flow. ICMP errors that quote such a packet
// are of the flow too, whoever sent them. An empty list asks for nothing.
type Filter struct {
	// Addrs: source and destination are both among them. A tunnel's packet that is thrown
	// away before it is unpacked, or after it was packed, shows its outer addresses.
	Addrs []netip.Addr
	// Ports: one of the two ports is among them (tcp, udp). A later fragment has none
	// and is taken by its addresses. VXLAN's and Geneve's ports are asked for here as well.
	Ports []uint16
	// Protos are tcp, udp, icmp (that of IPv6 too), and ipip and esp for outer packets.
	Protos []string
}

// The bounds: of a filter's lists, of different drops that are counted, and of what
// is given back (the most frequent ones).
const (
	maxWanted  = 4096
	maxCounted = 8192
	maxGiven   = 256
)

// Watch counts from Start until Stop or until the context of Start has ended.
type Watch struct {
	layout      *layout
	drops, lost *ebpf.Map
	maps        []*ebpf.Map
	detach      func() error
	unhook      func() bool
}

// Start begins to count drops in the network namespace of the calling thread. Where
// that cannot be done the error is an *Unable.
func Start(ctx context.Context, f Filter) (*Watch, error) {
	protos, err := f.numbers()
	if err != nil {
		return nil, err
	}
	netns, err := ownNamespace()
	if err != nil {
		return nil, err
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, &Unable{LackBTF, "this kernel does not tell how its types are laid out (BTF, /sys/kernel/btf/vmlinux)", err}
	}
	l, err := kernelLayout(kernel)
	if err != nil {
		return nil, err
	}
	l.nameOthers(kernel)
	if err := checkRights(); err != nil {
		return nil, err
	}
	w := &Watch{layout: l}
	if err := w.start(f, protos, netns); err != nil {
		w.close()
		return nil, err
	}
	w.unhook = context.AfterFunc(ctx, func() { _ = w.detach() })
	return w, nil
}

// start makes the maps, loads the program and attaches it. The limit on locked
// memory (RLIMIT_MEMLOCK) is left as it is: it stopped counting BPF in Linux 5.11,
// before there were reasons.
func (w *Watch) start(f Filter, protos []int32, netns uint32) error {
	fds, err := w.makeMaps(f)
	if err != nil {
		return refused("the maps of a BPF program", err)
	}
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "plumbline_drops", Type: ebpf.RawTracepoint,
		// The kernel lends its memory only to programs under a licence like its own.
		License:      "Dual MIT/GPL",
		Instructions: program(w.layout, fds, protos, netns),
	})
	if err != nil {
		return refused("a BPF program", err)
	}
	// The link keeps the program.
	defer func() { _ = p.Close() }()
	attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "kfree_skb", Program: p})
	if err != nil {
		return refused("a BPF program at the tracepoint kfree_skb", err)
	}
	w.detach = sync.OnceValue(attached.Close)
	return nil
}

// Stop ends the counting and gives what was counted, the most frequent first. Where
// there was no room for all, it gives what it has and an *Unable (LackRoom).
func (w *Watch) Stop() ([]facts.KernelDrop, error) {
	w.unhook()
	err := w.detach()
	defer w.close()
	if err != nil {
		return nil, fmt.Errorf("ending the watch for drops: %w", err)
	}
	return w.read()
}

// read gives what was counted so far.
func (w *Watch) read() ([]facts.KernelDrop, error) {
	var all []counted
	entries := w.drops.Iterate()
	for key, value := make([]byte, keySize), make([]byte, valueSize); entries.Next(key, value); {
		c, err := decode(key, value)
		if err != nil {
			return nil, fmt.Errorf("reading the kernel's drops: %w", err)
		}
		all = append(all, c)
	}
	if err := entries.Err(); err != nil {
		return nil, fmt.Errorf("reading the kernel's drops: %w", err)
	}
	var lost uint64
	if err := w.lost.Lookup(uint32(0), &lost); err != nil {
		return nil, fmt.Errorf("reading how many of the kernel's drops were not counted: %w", err)
	}
	drops := aggregate(all, w.layout.reason)
	if lost > 0 || len(drops) > maxGiven {
		return drops[:min(len(drops), maxGiven)], tooMany(drops, lost)
	}
	return drops, nil
}

func (w *Watch) close() {
	if w.detach != nil {
		_ = w.detach()
	}
	for _, m := range w.maps {
		_ = m.Close()
	}
	w.maps = nil
}

// makeMaps makes what the program needs: what it counts into, and what it asks.
func (w *Watch) makeMaps(f Filter) (files, error) {
	var fds files
	var err error
	if w.drops, err = w.make(&fds.drops, ebpf.MapSpec{Name: "drops", Type: ebpf.Hash, KeySize: keySize, ValueSize: valueSize, MaxEntries: maxCounted}); err != nil {
		return fds, err
	}
	if w.lost, err = w.make(&fds.lost, ebpf.MapSpec{Name: "lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}); err != nil {
		return fds, err
	}
	format, err := w.make(&fds.format, ebpf.MapSpec{
		Name: "format", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1, Flags: unix.BPF_F_RDONLY_PROG,
		Contents: []ebpf.MapKV{{Key: uint32(0), Value: []byte("%ps\x00\x00\x00\x00\x00")}},
	})
	if err != nil {
		return fds, err
	}
	if err := format.Freeze(); err != nil {
		return fds, fmt.Errorf("freezing the map format: %w", err)
	}
	if err := w.makeSet(&fds.addrs, "addrs", wantedAddrs(f.Addrs)); err != nil {
		return fds, err
	}
	return fds, w.makeSet(&fds.ports, "ports", wantedPorts(f.Ports))
}

func (w *Watch) make(fd *int, spec ebpf.MapSpec) (*ebpf.Map, error) {
	m, err := ebpf.NewMap(&spec)
	if err != nil {
		return nil, fmt.Errorf("making the map %s: %w", spec.Name, err)
	}
	w.maps = append(w.maps, m)
	*fd = m.FD()
	return m, nil
}

// makeSet makes a map whose keys are what is wanted; none where nothing is.
func (w *Watch) makeSet(fd *int, name string, wanted [][]byte) error {
	if len(wanted) == 0 {
		return nil
	}
	spec := ebpf.MapSpec{Name: name, Type: ebpf.Hash, KeySize: uint32(len(wanted[0])), ValueSize: 1, MaxEntries: uint32(len(wanted))}
	for _, key := range wanted {
		spec.Contents = append(spec.Contents, ebpf.MapKV{Key: key, Value: []byte{1}})
	}
	_, err := w.make(fd, spec)
	return err
}

// ownNamespace is the inode number of the calling thread's network namespace
// (namespaces(7)), by which the kernel's struct net is known.
func ownNamespace() (uint32, error) {
	const path = "/proc/thread-self/ns/net"
	info, err := os.Stat(path)
	if err != nil {
		return 0, &Unable{LackOther, "the own network namespace could not be told", err}
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, &Unable{LackOther, "the own network namespace could not be told: " + path + " has no inode", nil}
	}
	return uint32(stat.Ino), nil
}

// numbers are the protocol numbers of the filter's words.
func (f Filter) numbers() ([]int32, error) {
	if len(f.Addrs) > maxWanted || len(f.Ports) > maxWanted {
		return nil, &Unable{LackRoom, fmt.Sprintf("a flow of more than %d addresses or ports is not watched", maxWanted), nil}
	}
	var numbers []int32
	for _, word := range f.Protos {
		i := slices.IndexFunc(protocols(), func(p protocol) bool { return p.word == word })
		if i < 0 {
			return nil, &Unable{LackOther, fmt.Sprintf("the protocol %q is not known", word), nil}
		}
		for _, p := range protocols() {
			if p.word == word {
				numbers = append(numbers, int32(p.number))
			}
		}
	}
	return numbers, nil
}
