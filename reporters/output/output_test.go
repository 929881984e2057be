package output_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/reporters/output"
)

func TestWriteFileLeavesTheOldFileWhenWritingFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "report.json")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := output.WriteFile(path, text("one")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk on fire")
	err := output.WriteFile(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of tw")
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "writing "+path) {
		t.Errorf("got %v", err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "one" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v, %v; want the one file", names, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWriteFileSaysWhereItCannotWrite(t *testing.T) {
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := output.WriteFile(filepath.Join(occupied, "x"), func(io.Writer) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "making the folder of") {
		t.Errorf("got %v", err)
	}
}
