package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/inspect"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// countTime bounds one reading of all counters. The last one has it even where
// ctx has ended: it is why there is a watch.
const countTime = 15 * time.Second

// Check says what makes a watch impossible: bounds that are missing, or no address.
func Check(ask wire.Watch) error {
	switch {
	case len(ask.Addrs) == 0:
		return errors.New("the watch names no address")
	case slices.ContainsFunc(ask.Protos, func(p string) bool { return p != "tcp" && p != "udp" && p != "icmp" }) || len(ask.Protos) == 0:
		return fmt.Errorf("the watch is for the protocols %q; tcp, udp and icmp are known", ask.Protos)
	case ask.Millis <= 0 || ask.Packets <= 0:
		return errors.New("the watch has no bound of time or of packets")
	case ask.Capture && ask.Bytes <= 0:
		return errors.New("the watch has no bound of bytes")
	default:
		return nil
	}
}

// Run watches from the first reading of the counters until Millis have passed or
// ctx ends, which is no error. It calls started once it hears everything, and emit
// with the parts of the capture (pcapng, at most 32 KiB each), which emit may
// keep; never two of them at a time.
//
// Bounds that were reached are told in Truncated: Millis, before ctx had ended;
// Packets, behind which nothing is told; Bytes, behind which nothing is captured;
// and packets for which the kernel had no room. Where there may be no packet
// socket, NotRun says so, and Growth is all there is. Errors are those of the
// question and of emit. The node's name and Drops are the caller's.
func Run(ctx context.Context, ask wire.Watch, started func(), emit func(part []byte) error) (facts.Watch, error) {
	if err := Check(ask); err != nil {
		return facts.Watch{}, err
	}
	code, err := filter(ask)
	if err != nil {
		return facts.Watch{}, err
	}
	before := counted(ctx)
	w := &watcher{ask: ask, flow: newFlow(ask), devices: listDevices()}
	tap, err := openTap(code)
	if err != nil {
		w.out.NotRun = notOpened(err)
	}
	if ask.Capture {
		w.file = newFile(ask.Bytes, emit)
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(ask.Millis)*time.Millisecond)
	defer cancel()
	w.began = time.Now()
	started()
	err = w.watch(bounded, tap)
	w.out.Truncated = w.out.Truncated || ctx.Err() == nil && err == nil // it was time that ended it
	after := counted(ctx)
	w.out.Growth, w.out.NoGrowth = growth(before, after), unread(before, after)
	return w.finish(err)
}

func counted(ctx context.Context) facts.HostLook {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
	defer cancel()
	return inspect.Counted(own)
}

func notOpened(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Sprintf("packets could not be watched, CAP_NET_RAW is missing: %v", err)
	}
	return fmt.Sprintf("packets could not be watched: %v", err)
}

// watcher is one watch being done.
type watcher struct {
	ask     wire.Watch
	flow    *flow
	devices devices
	file    *file // nil where no capture is asked for
	began   time.Time
	out     facts.Watch
}

// watch reads until ctx ends, also where there is nothing (more) to read: the
// counters go on counting.
func (w *watcher) watch(ctx context.Context, t *tap) error {
	if t != nil {
		stop := context.AfterFunc(ctx, t.interrupt)
		err := w.read(t)
		stop()
		w.out.Truncated = w.out.Truncated || t.lost() > 0
		if err := errors.Join(err, t.close()); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// read takes packets until it is interrupted, and then those that wait already.
func (w *watcher) read(t *tap) error {
	next, end := t.next, time.Time{}
	for {
		f, err := next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			next, end = t.waiting, time.Now()
			continue
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil:
			return fmt.Errorf("reading packets: %w", err)
		case !end.IsZero() && f.at.After(end):
			return nil // a flow that never ceases
		}
		if full, err := w.take(f); full || err != nil {
			return err
		}
	}
}

// take keeps a packet of the flow, and says when it is the last.
func (w *watcher) take(f frameRead) (full bool, err error) {
	s, ours := w.flow.sighting(f.data, f.length)
	if !ours || f.at.Before(w.began) {
		return false, nil
	}
	if len(w.out.Packets) >= w.ask.Packets {
		w.out.Truncated = true
		return true, nil
	}
	d := w.devices.find(int(f.Ifindex))
	s.AtMicros, s.Dev, s.Kind, s.Out = f.at.Sub(w.began).Microseconds(), d.name, d.kind, f.out()
	w.out.Packets = append(w.out.Packets, s)
	if w.file == nil {
		return false, nil
	}
	return false, w.file.add(f, d)
}

// finish closes the capture and puts the packets in order: those of one moment
// stay as they came.
func (w *watcher) finish(err error) (facts.Watch, error) {
	if w.file != nil && err == nil {
		err = w.file.close()
		w.out.Truncated = w.out.Truncated || w.file.full
	}
	slices.SortStableFunc(w.out.Packets, func(a, b facts.Sighting) int { return cmp.Compare(a.AtMicros, b.AtMicros) })
	if err != nil {
		return w.out, fmt.Errorf("watching: %w", err)
	}
	return w.out, nil
}
