package facts

import (
	_ "embed" // the schema
	"fmt"
	"io"

	"github.com/plumbline-net/plumbline/framework/strictjson"
)

// Schema is the JSON Schema (2020-12) of facts.json.
//
//go:embed schema.json
var Schema string

// Encode gives the bytes of facts.json: indented, with a newline at the end,
// the same for the same snapshot.
func Encode(s *Snapshot) ([]byte, error) {
	short := *s
	var err error
	if short.Hosts, err = fold(s.Hosts); err != nil {
		return nil, fmt.Errorf("encoding the facts: %w", err)
	}
	data, err := strictjson.Encode(&short)
	if err != nil {
		return nil, fmt.Errorf("encoding the facts: %w", err)
	}
	return data, nil
}

// Write writes what Encode gives.
func Write(w io.Writer, s *Snapshot) error {
	data, err := Encode(s)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("writing the facts: %w", err)
	}
	return nil
}
