package strictjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// walker reads tokens beside a Go type, so that an error knows its place.
type walker struct {
	data []byte
	dec  *json.Decoder
}

func (w *walker) fail(path, format string, args ...any) error {
	return fmt.Errorf("%s (line %d): %s", place(path), line(w.data, w.dec.InputOffset()), fmt.Sprintf(format, args...))
}

func place(path string) string {
	if path == "" {
		return "top level"
	}
	return path
}

func (w *walker) token(path string) (json.Token, error) {
	t, err := w.dec.Token()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s (line %d): the file ends too early", place(path), line(w.data, int64(len(w.data))))
	}
	if err != nil {
		return nil, w.fail(path, "%v", err)
	}
	return t, nil
}

func (w *walker) value(t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := w.token(path)
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(t, path)
	case json.Delim('['):
		return w.array(t, path)
	default:
		return w.scalar(t, path, token)
	}
}

func (w *walker) object(t reflect.Type, path string) error {
	if leaf(t) || t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		return w.fail(path, "an object where %s is expected", word(t))
	}
	known, seen := fields(t), map[string]bool{}
	for w.dec.More() {
		token, err := w.token(path)
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at := join(path, name)
		if seen[name] {
			return w.fail(at, "the field stands twice")
		}
		seen[name] = true
		of, ok := known[name]
		if t.Kind() == reflect.Map {
			of, ok = t.Elem(), true
		}
		if !ok {
			return w.fail(at, "unknown field %q", name)
		}
		if err := w.value(of, at); err != nil {
			return err
		}
	}
	_, err := w.token(path)
	return err
}

func (w *walker) array(t reflect.Type, path string) error {
	if leaf(t) || t.Kind() != reflect.Slice {
		return w.fail(path, "a list where %s is expected", word(t))
	}
	for i := 0; w.dec.More(); i++ {
		if err := w.value(t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	_, err := w.token(path)
	return err
}

// scalar lets a type that reads itself from text say what is wrong with it;
// encoding/json would lose the place.
func (w *walker) scalar(t reflect.Type, path string, token json.Token) error {
	if token == nil {
		return nil // null is the zero value, as in encoding/json
	}
	text, isText := token.(string)
	if leaf(t) {
		if !isText {
			return w.fail(path, "%v where text is expected", token)
		}
		into, _ := reflect.New(t).Interface().(encoding.TextUnmarshaler)
		if err := into.UnmarshalText([]byte(text)); err != nil {
			return w.fail(path, "%v", err)
		}
		return nil
	}
	if t.Kind() == reflect.Struct || t.Kind() == reflect.Map || t.Kind() == reflect.Slice || isText != (t.Kind() == reflect.String) {
		return w.fail(path, "%q where %s is expected", fmt.Sprint(token), word(t))
	}
	return nil
}

// leaf says whether a type reads itself from one string.
func leaf(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func word(t reflect.Type) string {
	switch {
	case leaf(t) || t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}

// fields maps the JSON names of a struct to their types.
func fields(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if f.IsExported() && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
