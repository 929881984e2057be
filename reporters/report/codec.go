package report

import (
	_ "embed" // the schema
	"fmt"
	"io"

	"github.com/plumbline-net/plumbline/framework/strictjson"
)

// Schema is the JSON Schema (2020-12) of report.json.
//
//go:embed schema.json
var Schema string

// Encode gives the bytes of report.json: indented, with a newline at the end,
// the same for the same report.
func Encode(r *Report) ([]byte, error) {
	data, err := strictjson.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	return data, nil
}

// Write writes what Encode gives.
func Write(w io.Writer, r *Report) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Decode reads report.json. It is strict: an unknown field, another format and a
// report that contradicts itself are errors that name the place.
func Decode(r io.Reader) (*Report, error) {
	out := new(Report)
	if err := strictjson.Decode(r, out); err != nil {
		return nil, fmt.Errorf("decoding the report: %w", err)
	}
	if err := out.Validate(); err != nil {
		return nil, fmt.Errorf("decoding the report: %w", err)
	}
	return out, nil
}
