package inspect

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	// maxDump bounds what one tool may print, in bytes. Half a rule set would be
	// judged as if it were whole, so a longer one is not kept at all.
	maxDump = 8 << 20
	// maxMessage bounds what is kept of a tool's complaints, in bytes.
	maxMessage = 4 << 10
	// killDelay is how long a tool that was told to end may keep its pipes open.
	killDelay = 500 * time.Millisecond
)

func errTooLong() error { return fmt.Errorf("the output is longer than %d bytes", maxDump) }

// output runs a tool that only lists, and gives what it printed.
func output(ctx context.Context, command []string) (string, error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return "", fmt.Errorf("%s is not installed in the agent's image", command[0])
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := exec.CommandContext(ctx, path, command[1:]...)
	c.WaitDelay = killDelay
	out := &limited{max: maxDump, full: func() { cancel(errTooLong()) }}
	says := &limited{max: maxMessage, full: func() {}}
	c.Stdout, c.Stderr = out, says
	if err := c.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return "", fmt.Errorf("running %s: %w%s", command[0], err, quoted(says.kept.String()))
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", fmt.Errorf("running %s: %w", command[0], cause)
	}
	return out.kept.String(), nil
}

func quoted(says string) string {
	if says = strings.TrimSpace(says); says == "" {
		return ""
	}
	return " (" + clipped(says) + ")"
}

// limited keeps at most max bytes, calls full once more come, and swallows those.
type limited struct {
	kept bytes.Buffer
	max  int
	full func()
}

// Write never fails, so that the tool is not killed by its own message.
func (l *limited) Write(b []byte) (int, error) {
	room := l.max - l.kept.Len()
	if len(b) > room {
		l.kept.Write(b[:room])
		l.full()
		return len(b), nil
	}
	return l.kept.Write(b)
}
