package factstest

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Trim leaves of a snapshot what a check of flows reads: the matrices whose keys
// have one of the prefixes, the nodes, and no host.
func Trim(s *facts.Snapshot, prefixes ...string) *facts.Snapshot {
	Keep(s, prefixes...)
	s.Hosts, s.Cluster.KubeProxy = nil, nil
	return s
}

// Save writes a recording, for use under -update.
func Save(t *testing.T, path string, s *facts.Snapshot) {
	t.Helper()
	raw, err := facts.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Read reads a recording, compressed where its name says so.
func Read(t testing.TB, path string) *facts.Snapshot {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	s, err := facts.Decode(in)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// FileName is the part of a check's id after the slash, as its files are named.
func FileName(id string) string {
	_, name, _ := strings.Cut(id, "/")
	return strings.ReplaceAll(name, "-", "_")
}

// Recordings judges the three snapshots that a check must pass, fail and be
// unable to tell, and with update writes them as testdata of the package under
// test. The worst that an extended check may say of the second is a Warning.
func Recordings(t *testing.T, c check.Check, update bool, pass, fail, unknown *facts.Snapshot) {
	t.Helper()
	for verdict, s := range map[check.Verdict]*facts.Snapshot{check.Pass: pass, check.Fail: fail, check.Unknown: unknown} {
		r := c.Evaluate(s)
		warned := verdict == check.Fail && r.Verdict == check.Warn && c.Level == check.Extended
		if r.Verdict != verdict && !warned {
			t.Errorf("%s: the recording %q is judged %s: %s %+v", c.ID, verdict, r.Verdict, r.Why, r.Findings)
			continue
		}
		if update {
			s.Run.Checks = []string{c.ID}
			Save(t, filepath.Join("testdata", FileName(c.ID)+"."+verdict.String()+".json"), s)
		}
	}
}
