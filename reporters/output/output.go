// Package output puts files where readers expect them, whole or not at all: a
// runner that is killed leaves the file that was there before, never half of one.
package output

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile lets write fill a temporary file in the folder of path and renames
// it (rename(2) is atomic within a file system). The folder is made where it is
// missing. On an error path is as it was, and no temporary file is left.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("creating a file beside %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, err)
			_ = f.Close() // closed already where the failure came later
			_ = os.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriter(f)
	for _, step := range []func() error{
		func() error { return write(buffered) },
		buffered.Flush,
		// CreateTemp makes files that only their owner reads; reports are for others too.
		func() error { return f.Chmod(0o644) },
		f.Sync,
		f.Close,
		func() error { return os.Rename(f.Name(), path) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
