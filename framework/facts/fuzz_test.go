package facts_test

import (
	"bytes"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// FuzzDecode: whatever stands in a facts.json, reading it gives a snapshot that
// is written and read again as the same bytes, or an error.
func FuzzDecode(f *testing.F) {
	good, err := facts.Encode(sound())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"apiVersion": "plumbline.dev/facts/v1", "kind": "Snapshot"}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := facts.Decode(bytes.NewReader(raw))
		if err != nil {
			return
		}
		first, err := facts.Encode(s)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := facts.Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		second, err := facts.Encode(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("written twice, the bytes differ (%v):\n%s\n%s", err, first, second)
		}
	})
}

// FuzzSeries: a row of series is refused, or written as it was read.
func FuzzSeries(f *testing.F) {
	f.Add([]byte("FAABAgME"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c facts.SeriesCells
		if c.UnmarshalText(raw) != nil {
			return
		}
		text, err := c.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again facts.SeriesCells
		if err := again.UnmarshalText(text); err != nil || len(again) != len(c) {
			t.Errorf("%d cells became %d (%v)", len(c), len(again), err)
		}
	})
}
