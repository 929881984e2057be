package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/output"
)

func factsPath(dir string) string { return filepath.Join(dir, reporters.FactsFile) }

// writable makes the folder and tries it, before a cluster is touched.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usagef("--out %s cannot be used: %s", dir, oneLine(err))
	}
	probe, err := os.CreateTemp(dir, ".plumbline-*")
	if err != nil {
		return usagef("--out %s cannot be written to: %s", dir, oneLine(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func saveFacts(dir string, data []byte) error { return saveBytes(dir, reporters.FactsFile, data) }

// saveBytes writes a file of the folder whole or not at all.
func saveBytes(dir, name string, data []byte) error {
	return output.WriteFile(filepath.Join(dir, name), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// keepCapture writes a capture beside the reports. Captures come one after the other.
func (f *runFlags) keepCapture(name string, data []byte) error {
	if err := saveBytes(f.out, name, data); err != nil {
		return err
	}
	f.captures = append(f.captures, filepath.Join(f.out, name))
	return nil
}
