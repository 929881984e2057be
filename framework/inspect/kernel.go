package inspect

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func readKernel(context.Context) (func(*facts.HostLook), error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return nil, fmt.Errorf("asking for the kernel's release: %w", err)
	}
	release := unix.ByteSliceToString(name.Release[:])
	return func(h *facts.HostLook) { h.Kernel = release }, nil
}
