package facts

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
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
func Encode(s *Snapshot) ([]byte, error) { return encode(s, false) }

// EncodeSmall is Encode without indentation and with the rules of all firewalls
// packed, as otherwise only those of a large cluster are: a recording to keep takes
// less than half of the room.
func EncodeSmall(s *Snapshot) ([]byte, error) {
	data, err := encode(s, true)
	if err != nil {
		return nil, err
	}
	var small bytes.Buffer
	if err := json.Compact(&small, data); err != nil {
		return nil, fmt.Errorf("encoding the facts: %w", err)
	}
	small.WriteByte('\n')
	return small.Bytes(), nil
}

func encode(s *Snapshot, rules bool) ([]byte, error) {
	short := *s
	var err error
	if short.Hosts, err = fold(s.Hosts, rules); err != nil {
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
