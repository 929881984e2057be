package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/plumbline-net/plumbline/reporters/output"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func factsPath(dir string) string { return filepath.Join(dir, factsFile) }

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

func saveFacts(dir string, data []byte) error {
	return output.WriteFile(factsPath(dir), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// writeReports writes every format that has a file; one that fails does not
// keep the others from being written.
func writeReports(dir string, r *report.Report) error {
	var problems []error
	for _, f := range formats() {
		if f.file == "" {
			continue
		}
		path := filepath.Join(dir, f.file)
		problems = append(problems, output.WriteFile(path, func(w io.Writer) error { return f.write(w, r) }))
	}
	return errors.Join(problems...)
}
