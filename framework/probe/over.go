package probe

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tryOver sends one datagram a byte over the MTU with DF set. The kernel must
// refuse it with EMSGSIZE (ip(7), IP_PMTUDISC_DO), so TooBig is the right
// answer; where it is sent, what comes of it is the outcome.
func tryOver(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	r, err := routeTo(t.Addr.Unmap())
	if err != nil {
		w := e.start()
		return w.failed(ctx, nil, err)
	}
	size := r.mtu + 1
	d := datagram{payload: size - headers(t), wait: e.reply, options: dontFragment()}
	a := exchange(ctx, e, t, d)
	a.Size = size
	if a.Outcome == facts.OK {
		a.Note = fmt.Sprintf("a packet of %d bytes left an interface whose MTU is %d, with DF set", size, r.mtu)
	}
	return a
}

// headers is the length of the IP and UDP headers, in bytes.
func headers(t facts.Target) int {
	if t.Addr.Unmap().Is6() {
		return 40 + 8
	}
	return 20 + 8
}

// dontFragment sets DF and lets the kernel refuse what is larger than the path
// MTU it knows of.
func dontFragment() []option { return dfOptions(unix.IP_PMTUDISC_DO) }

// dontFragmentProbe sets DF and ignores what the kernel learnt of the path
// before: only the device's MTU limits what is sent (ip(7), IP_PMTUDISC_PROBE).
func dontFragmentProbe() []option { return dfOptions(unix.IP_PMTUDISC_PROBE) }

// dfOptions: the values are the same in both families; IPv6 needs one option
// more to refuse a packet instead of fragmenting it here (RFC 3542 section 11.2).
func dfOptions(mode int) []option {
	return []option{
		{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, mode},
		{level6: unix.IPPROTO_IPV6, name6: unix.IPV6_DONTFRAG, value: 1},
	}
}
