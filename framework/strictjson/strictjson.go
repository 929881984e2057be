// Package strictjson reads and writes the versioned files of the suite. Reading
// refuses what it does not know and names the place; writing gives the same
// bytes for the same value. It is pure.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Decode reads exactly one JSON value into the struct that into points to.
// An unknown or repeated field, a value of the wrong kind, and anything after
// the value are errors that name the place: "nodes[2].kernell (line 14): …".
// Unlike encoding/json, names of fields are matched to the letter.
func Decode(r io.Reader, into any) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty")
	}
	w := &walker{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	w.dec.UseNumber()
	if err := w.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return err
	}
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return w.fail("", "something follows the end of the value")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return placed(data, err)
	}
	return nil
}

// placed adds the line to the errors of encoding/json that know their offset.
func placed(data []byte, err error) error {
	var wrongKind *json.UnmarshalTypeError
	if errors.As(err, &wrongKind) {
		return fmt.Errorf("%s (line %d): a %s where %s is expected",
			wrongKind.Field, line(data, wrongKind.Offset), wrongKind.Value, wrongKind.Type)
	}
	return err
}

func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}
