package inspect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// owners tells which process has a socket open.
type owners struct {
	byInode map[uint64]process
	// hidden: the files of some process could not be seen.
	hidden bool
}

// of gives the process, and whether the answer is worth anything: a socket that no
// process was seen to have may belong to one that could not be looked into.
// Without an inode (TIME_WAIT) a socket has no owner.
func (o owners) of(inode uint64) (process, bool) {
	p, found := o.byInode[inode]
	return p, found || inode == 0 || !o.hidden
}

// in is the same for a socket in the network of a pod: where its owner cannot be
// seen, it is the pod's only program, if there is but one.
func (o owners) in(inode uint64, sole process) (process, bool) {
	p, known := o.of(inode)
	if !known && sole.name != "" {
		return sole, true
	}
	return p, known
}

// findOwners looks for the sockets among the open files of all processes, which
// are links such as "socket:[4711]". Reading a link demands what tracing demands
// (proc_pid_fd(5), ptrace(2) PTRACE_MODE_READ_FSCREDS): the same user and no more
// capabilities than the reader's, or CAP_SYS_PTRACE; of other users' processes the
// folder itself demands CAP_DAC_READ_SEARCH. The node agent has only NET_ADMIN and
// NET_RAW, so it can look into hardly any service of a host, and says so, rather
// than that the kernel itself holds the socket.
func findOwners(ctx context.Context, proc string, all []process, wanted map[uint64]bool) owners {
	o := owners{byInode: map[uint64]process{}}
	if len(wanted) == 0 {
		return o
	}
	var first []process
	for _, p := range all {
		switch {
		case p.kernel:
		case p.pid == 1: // it keeps sockets open that it has given to services (systemd.socket(5))
			first = append(first, p)
		case !o.search(ctx, proc, p, wanted):
			return o
		}
	}
	for _, p := range first {
		o.search(ctx, proc, p, wanted)
	}
	return o
}

// search says whether there is more to search for.
func (o *owners) search(ctx context.Context, proc string, p process, wanted map[uint64]bool) bool {
	if ctx.Err() != nil {
		o.hidden = true
		return false
	}
	dir := filepath.Join(proc, strconv.Itoa(p.pid), "fd")
	names, err := readNames(dir)
	if err != nil {
		o.hidden = o.hidden || !gone(err)
		return true
	}
	for _, name := range names {
		link, err := os.Readlink(filepath.Join(dir, name))
		if gone(err) {
			continue
		}
		if err != nil {
			o.hidden = true
			return true
		}
		inode, ok := socketInode(link)
		if _, known := o.byInode[inode]; ok && wanted[inode] && !known {
			o.byInode[inode] = p
		}
	}
	return len(o.byInode) < len(wanted)
}

func readNames(dir string) ([]string, error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return file.Readdirnames(-1)
}

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) }

func socketInode(link string) (uint64, bool) {
	rest, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(rest, "]"), 10, 64)
	return inode, err == nil
}
