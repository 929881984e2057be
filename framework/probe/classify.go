package probe

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// cutShort is the note of an attempt that the end of the batch interrupted: it
// observed nothing.
const cutShort = "the batch ended before this attempt did"

// fail writes into a how an attempt ended that met an error: the outcome, the
// kernel's word and the ICMP error behind it, where there is one. The socket may
// be nil.
func fail(ctx context.Context, a *facts.Attempt, s *socket, err error) {
	if ctx.Err() != nil {
		a.Outcome, a.Note = facts.NotRun, cutShort
		return
	}
	a.Outcome, a.Errno = classify(err)
	if a.Outcome == facts.NotRun {
		a.Note = err.Error()
	}
	if s != nil && a.Errno != "" {
		a.ICMP = s.reason()
	}
	if isPortUnreachable(a.ICMP) {
		a.Outcome = facts.Refused
	}
}

// classify gives the closed word for an error and the kernel's word, where the
// error is the kernel's. An error that says nothing about the network (too many
// open files) is NotRun.
func classify(err error) (facts.Outcome, string) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return facts.Reset, ""
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return facts.Timeout, ""
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return facts.NotRun, ""
	}
	return outcomeOf(errno), unix.ErrnoName(errno)
}

func outcomeOf(errno syscall.Errno) facts.Outcome {
	switch errno {
	case unix.ECONNREFUSED:
		return facts.Refused
	case unix.ECONNRESET, unix.EPIPE, unix.ECONNABORTED:
		return facts.Reset
	case unix.ETIMEDOUT:
		return facts.Timeout
	case unix.EMSGSIZE:
		return facts.TooBig
	case unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EACCES, unix.EHOSTDOWN, unix.ENETDOWN, unix.ENONET,
		unix.ENOBUFS,       // the device's queue or a program at it dropped it (NET_XMIT_DROP, net_xmit_errno)
		unix.ENODEV,        // the device to send by is gone
		unix.EPERM,         // the packet filter's OUTPUT chain dropped it
		unix.EINVAL,        // a blackhole route (fib_props in net/ipv4/fib_semantics.c)
		unix.EADDRNOTAVAIL, // no source address in this family, or no port left
		unix.ENOPROTOOPT,   // ICMP protocol unreachable
		unix.EPROTO,        // ICMP parameter problem
		unix.EOPNOTSUPP:    // ICMP source route failed
		return facts.Unreachable
	default:
		return facts.NotRun
	}
}

// ICMP types and codes for "port unreachable" (RFC 792, RFC 4443 section 3.1).
const (
	icmp4Unreachable, icmp4Port = 3, 3
	icmp6Unreachable, icmp6Port = 1, 4
)

func isPortUnreachable(e *facts.ICMPError) bool {
	if e == nil {
		return false
	}
	if e.From.Is6() {
		return e.Type == icmp6Unreachable && e.Code == icmp6Port
	}
	return e.Type == icmp4Unreachable && e.Code == icmp4Port
}
