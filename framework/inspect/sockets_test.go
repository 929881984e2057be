package inspect

import (
	"bufio"
	"context"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// laggardRole makes the test binary a program that keeps up with nothing.
const laggardRole = "PLUMBLINE_TEST_LAGGARD"

const tcpPort, udpPort = 5398, 5399

// lagBehind listens with a backlog of 1 and never accepts what it connects itself,
// and never reads the datagrams it sends to itself, more than it has room for.
func lagBehind() {
	local := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	must := func(fd int, err error) int {
		if err != nil {
			panic(err)
		}
		return fd
	}
	listener := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0))
	must(0, unix.Bind(listener, &unix.SockaddrInet4{Port: tcpPort}))
	must(0, unix.Listen(listener, 1))
	local.Port = tcpPort
	for range 4 {
		client := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0))
		if err := unix.Connect(client, local); err != unix.EINPROGRESS {
			must(0, err)
		}
	}
	unread := must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	local.Port = udpPort
	must(0, unix.Bind(unread, local))
	must(0, unix.SetsockoptInt(unread, unix.SOL_SOCKET, unix.SO_RCVBUF, 1)) // the kernel makes it the least it allows
	for range 20 {
		must(0, unix.Sendto(unread, make([]byte, 100), 0, local))
	}
	must(os.Stdout.WriteString("ready\n"))
	_, _ = io.ReadAll(os.Stdin)
}

func startLaggard(t *testing.T, n *netlab.Namespace) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env, c.Stderr = append(os.Environ(), laggardRole+"=1"), os.Stderr
	if _, err := c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.Start(t, c)
	if says, err := bufio.NewReader(out).ReadString('\n'); says != "ready\n" {
		t.Fatalf("the program says %q: %v", says, err)
	}
	return c.Process.Pid
}

// expectQueues finds both sockets of a laggard in a network.
func expectQueues(t *testing.T, all []facts.SocketQueue, netns string, pid, backlog int) {
	t.Helper()
	find := func(proto string) facts.SocketQueue {
		i := slices.IndexFunc(all, func(q facts.SocketQueue) bool { return q.Netns == netns && q.Proto == proto })
		if i < 0 {
			t.Fatalf("no %s socket of %s among %+v", proto, netns, all)
		}
		return all[i]
	}
	tcp, udp := find("tcp"), find("udp")
	want := facts.SocketQueue{
		Proto: "tcp", State: "LISTEN", Local: netip.MustParseAddrPort("0.0.0.0:5398"), RecvQ: 2, SendQ: backlog,
		Process: tcp.Process, PID: pid, Netns: netns,
	}
	if tcp != want || !strings.HasPrefix(tcp.Process, "inspect") {
		t.Errorf("%+v, expected\n%+v", tcp, want)
	}
	if udp.Local != netip.MustParseAddrPort("127.0.0.1:5399") || udp.RecvQ <= facts.QueueLimit || udp.Drops == 0 || udp.PID != pid || udp.Peer.IsValid() {
		t.Errorf("%+v", udp)
	}
}

func TestSocketsThatDoNotKeepUpAreSeenInTheHostAndInPods(t *testing.T) {
	node, pod := newNode(t), netlab.New(t, "pod")
	pod.IP(t, "address add 10.244.1.9/32 dev lo")
	ofHost, ofPod := startLaggard(t, node), startLaggard(t, pod)
	h := lookWith(t, node, wire.Inspect{Listening: []facts.Listening{
		{Addr: netip.MustParseAddr("10.244.1.9"), Port: tcpPort, Proto: "tcp"},
		{Addr: netip.MustParseAddr("10.244.1.9"), Port: udpPort, Proto: "udp"},
		{Addr: netip.MustParseAddr("10.244.1.9"), Port: 80, Proto: "tcp"},
		{Addr: netip.MustParseAddr("10.244.99.99"), Port: 80, Proto: "tcp"},
		{Addr: netip.MustParseAddr("192.0.2.10"), Port: tcpPort, Proto: "tcp"},
	}}).Host
	if h.Sockets == nil {
		t.Fatalf("no sockets: %+v", h.Errors)
	}
	expectQueues(t, h.Sockets.Queues, "host", ofHost, 1)
	expectQueues(t, h.Sockets.Queues, "10.244.1.9", ofPod, 0)
	if s := h.Sockets.States; s["LISTEN"] != 1 || s["ESTABLISHED"] < 2 || s["SYN_SENT"] == 0 {
		t.Errorf("states %v", s)
	}
	want := netip.MustParseAddrPort("127.0.0.1:5398")
	if d := h.Sockets.Destinations; len(d) == 0 || d[0].Peer != want || d[0].Established != 2 || d[0].Other == 0 {
		t.Errorf("destinations %+v", d)
	}
	wantUDP(t, h.Sockets.UDP, ofHost)
	if h.Counters["netstat.TcpExt.ListenOverflows"] == 0 {
		t.Error("the host has lost connections, which is not counted")
	}
	wantBound(t, h.Listening)
}

func wantUDP(t *testing.T, all []facts.BoundSocket, pid int) {
	t.Helper()
	tunnel, own := false, false
	for _, u := range all {
		tunnel = tunnel || u.Local.Port() == 8472 && u.Process == "" && !u.OwnerUnknown
		own = own || u.Local.Port() == udpPort && u.PID == pid
	}
	if !tunnel || !own {
		t.Errorf("the kernel's tunnel is seen: %v, the program: %v in %+v", tunnel, own, all)
	}
}

func wantBound(t *testing.T, got []facts.Listening) {
	t.Helper()
	want := [][]netip.Addr{{netip.MustParseAddr("0.0.0.0")}, {netip.MustParseAddr("127.0.0.1")}, nil, nil, {netip.MustParseAddr("0.0.0.0")}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if unfound := i == 3; !slices.Equal(got[i].Bound, w) || (got[i].NotRun != "") != unfound || (got[i].Process != "") != (w != nil) {
			t.Errorf("%+v", got[i])
		}
	}
}

func TestWithoutInetDiagTheTablesOfProcAreRead(t *testing.T) {
	n := netlab.New(t, "node")
	startLaggard(t, n)
	see := func(diag bool) sighted {
		var s sighted
		err := n.Do(func() error {
			s.lookAtHost("/proc/thread-self", nil, func(string) (bool, error) { return diag, nil })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.problems {
			if err != nil {
				t.Error(err)
			}
		}
		return s
	}
	for diag, backlog := range map[bool]int{true: 1, false: 0} {
		s := see(diag)
		at := slices.IndexFunc(s.late, func(l lateSocket) bool { return l.state == listening })
		if at < 0 || s.late[at].recv != 2 || s.late[at].send != backlog || s.late[at].local.Port() != tcpPort {
			t.Errorf("with inet_diag %v: %+v", diag, s.late)
		}
		if s.host.states["LISTEN"] != 1 || s.host.states["ESTABLISHED"] < 2 {
			t.Errorf("with inet_diag %v: %v", diag, s.host.states)
		}
	}
}

func TestAnOwnerThatCannotBeSeenIsNotTheKernel(t *testing.T) {
	proc := tree(t, map[string]string{
		"7/fd/0": "-> /dev/null", "7/fd/3": "-> socket:[100]", "1/fd/5": "-> socket:[100]", "1/fd/6": "-> socket:[101]",
	})
	all := []process{{pid: 1, name: "init"}, {pid: 2, name: "kthreadd", kernel: true}, {pid: 7, name: "dnsmasq"}, {pid: 9, name: "ended"}}
	wanted := map[uint64]bool{100: true, 101: true, 102: true}
	seen := findOwners(t.Context(), proc, all, wanted)
	for inode, want := range map[uint64]string{100: "dnsmasq", 101: "init", 102: "", 0: ""} {
		if p, known := seen.of(inode); p.name != want || !known {
			t.Errorf("%d belongs to %q, known %v", inode, p.name, known)
		}
	}
	if b := boundSocket(socket{inode: 102}, seen, nil); b.OwnerUnknown {
		t.Error("all processes were looked into, so the kernel holds it")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	hidden := findOwners(ended, proc, all, wanted)
	u := socket{inode: 102, local: netip.MustParseAddrPort("0.0.0.0:8472")}
	if b := boundSocket(u, hidden, nil); !b.OwnerUnknown {
		t.Errorf("nothing was looked into: %+v", b)
	}
	if b := boundSocket(u, hidden, map[uint16]bool{8472: true}); b.OwnerUnknown {
		t.Error("the tunnel of that port is up, so the kernel holds it")
	}
	if p, known := hidden.in(102, process{name: "coredns", pid: 8}); p.name != "coredns" || !known {
		t.Errorf("the pod's only program is %q, known %v", p.name, known)
	}
}
