package config

import (
	"os"
	"strings"
	"testing"
)

// FuzzRead: whatever the bytes are, they are read or refused, and what was read
// holds only what may be asked of a cluster.
func FuzzRead(f *testing.F) {
	if example, err := os.ReadFile("../../docs/config.example.yaml"); err == nil {
		f.Add(string(example))
	}
	for _, seed := range []string{
		"", head, head + "egress: [{host: a, port: 1}]", head + "services: [a/b]", "? [a]\n: b", "a: &x [*x]", head + "timeout: 1h", "!!binary a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(text))
		if err != nil {
			if file != nil || err.Error() == "" {
				t.Errorf("refused with %q, and yet %+v", err, file)
			}
			return
		}
		for _, e := range file.Egress {
			if e.Port < 1 || e.Port > 65535 || e.Host == "" {
				t.Errorf("read %+v", e)
			}
		}
		for _, s := range file.Services {
			if strings.Count(s, "/") != 1 {
				t.Errorf("read the Service %q", s)
			}
		}
		if c := file.Facts(); c != nil && len(c.Egress) != len(file.Egress) {
			t.Errorf("the facts are %+v", c)
		}
	})
}
