package inspect

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// socketsOf gives every socket that /proc/PID/net/{tcp,udp} shows, of both
// families, to each; dir is /proc/PID/net. Anybody may read them. A family that
// the kernel has not is not there, and an unused one is not read.
func socketsOf(dir, proto string, unused map[string]bool, each func(socket)) error {
	for _, name := range []string{proto, proto + "6"} {
		if unused[name] {
			continue
		}
		file, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("listing sockets: %w", err)
		}
		err = parseSockets(file, proto, each)
		_ = file.Close()
		if err != nil {
			return fmt.Errorf("reading %s: %w", file.Name(), err)
		}
	}
	return nil
}

// unusedTables are the tables without a socket, by the sums in sockstat and
// sockstat6. The sums cost nothing, while for a table of TCP the kernel goes
// through the sockets of all networks of the machine, and picks those of one.
// TIME_WAIT is not in the sums, and of no interest in a pod.
func unusedTables(dir string) map[string]bool {
	unused := map[string]bool{}
	for _, name := range []string{"sockstat", "sockstat6"} {
		text, err := readProc(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(text, "\n") {
			proto, rest, _ := strings.Cut(line, ":")
			if f := strings.Fields(rest); len(f) >= 2 && f[0] == "inuse" && f[1] == "0" {
				unused[strings.ToLower(proto)] = true
			}
		}
	}
	return unused
}

// parseSockets reads the table of /proc/net/tcp and udp (proc_net_tcp.rst, proc(5))
// line by line, as there may be very many. The first line is the head.
func parseSockets(from io.Reader, proto string, each func(socket)) error {
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			continue
		}
		one, err := parseSocket(lines.Text())
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		one.proto = proto
		one.noBacklog = one.state == listening
		each(one)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading lines: %w", err)
	}
	return nil
}

func parseSocket(line string) (socket, error) {
	const local, peer, state, queues, inode, drops = 1, 2, 3, 4, 9, 12
	f := strings.Fields(line)
	if len(f) <= inode {
		return socket{}, fmt.Errorf("%q has %d fields", clipped(line), len(f))
	}
	var s socket
	var err error
	if s.local, err = hexAddrPort(f[local]); err != nil {
		return socket{}, err
	}
	if s.peer, err = hexAddrPort(f[peer]); err != nil {
		return socket{}, err
	}
	word, err := strconv.ParseUint(f[state], 16, 8)
	if err != nil {
		return socket{}, fmt.Errorf("the state is %q", clipped(f[state]))
	}
	s.state = stateWord(word)
	tx, rx, _ := strings.Cut(f[queues], ":")
	send, err := strconv.ParseUint(tx, 16, 32)
	if err != nil {
		return socket{}, fmt.Errorf("the queues are %q", clipped(f[queues]))
	}
	recv, err := strconv.ParseUint(rx, 16, 32)
	if err != nil {
		return socket{}, fmt.Errorf("the queues are %q", clipped(f[queues]))
	}
	s.send, s.recv = int(send), int(recv)
	if s.inode, err = strconv.ParseUint(f[inode], 10, 64); err != nil {
		return socket{}, fmt.Errorf("the inode is %q", clipped(f[inode]))
	}
	// Only the table of UDP has drops there; that of TCP has other things, or nothing.
	if len(f) == drops+1 {
		if v, err := strconv.ParseInt(f[drops], 10, 64); err == nil {
			s.drops = int(v)
		}
	}
	return s, nil
}

// hexAddrPort reads "0100007F:1F90": the address in 32-bit words of this machine's
// byte order, the port as a number.
func hexAddrPort(text string) (netip.AddrPort, error) {
	wrong := fmt.Errorf("%q is no address and port", clipped(text))
	host, port, ok := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if !ok || err != nil || (len(raw) != 4 && len(raw) != 16) {
		return netip.AddrPort{}, wrong
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, wrong
	}
	addr, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), nil
}
