package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decode reads exactly one YAML document into the struct that into points to,
// and gives the line of every value. A field that is not known, stands twice or
// has a value of the wrong kind is an error with its place.
func decode(data []byte, into any) (map[string]int, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, fmt.Errorf("reading YAML: %w", err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the end of the first document")
	}
	w := walker{lines: map[string]int{}}
	if len(document.Content) != 1 {
		return nil, errors.New("the file is empty")
	}
	return w.lines, w.value(document.Content[0], reflect.ValueOf(into).Elem(), "")
}

// walker goes through the document beside the Go value that it fills.
type walker struct{ lines map[string]int }

func placed(path string, line int, format string, args ...any) error {
	if path == "" {
		path = "top level"
	}
	return fmt.Errorf("%s (line %d): %s", path, line, fmt.Sprintf(format, args...))
}

func (w walker) value(n *yaml.Node, into reflect.Value, path string) error {
	w.lines[path] = n.Line
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return placed(path, n.Line, "anchors and aliases are not read; write the value itself")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return placed(path, n.Line, "it has no value; leave the field out, or give it one")
	case into.Kind() == reflect.Struct:
		return w.mapping(n, into, path)
	case into.Kind() == reflect.Slice:
		return w.sequence(n, into, path)
	default:
		return scalar(n, into, path)
	}
}

func (w walker) mapping(n *yaml.Node, into reflect.Value, path string) error {
	if n.Kind != yaml.MappingNode {
		return placed(path, n.Line, "want fields (name: value), got %s", word(n))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := strings.TrimPrefix(path+"."+key.Value, ".")
		field, known := fieldOf(into, key.Value)
		switch {
		case !known:
			return placed(name, key.Line, "there is no such field; these are: %s", strings.Join(fieldNames(into.Type()), ", "))
		case seen[key.Value]:
			return placed(name, key.Line, "it stands twice")
		}
		seen[key.Value] = true
		if err := w.value(value, field, name); err != nil {
			return err
		}
	}
	return nil
}

func (w walker) sequence(n *yaml.Node, into reflect.Value, path string) error {
	if n.Kind != yaml.SequenceNode {
		return placed(path, n.Line, "want a list, got %s", word(n))
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		if err := w.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// scalar takes a text only where YAML reads one: an unquoted 8080 or true is
// none, and to guess what was meant would hide a slip.
func scalar(n *yaml.Node, into reflect.Value, path string) error {
	if n.Kind != yaml.ScalarNode {
		return placed(path, n.Line, "want one value, got %s", word(n))
	}
	if into.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(n.Value)
		if err != nil {
			return placed(path, n.Line, "%q is not a time (for example 15m or 90s)", n.Value)
		}
		into.SetInt(int64(d))
		return nil
	}
	if into.Kind() == reflect.Int {
		var v int
		if n.ShortTag() != "!!int" || n.Decode(&v) != nil {
			return placed(path, n.Line, "%q is not a number", n.Value)
		}
		into.SetInt(int64(v))
		return nil
	}
	if n.ShortTag() != "!!str" {
		return placed(path, n.Line, "want a text; write %q with quotes", n.Value)
	}
	into.SetString(n.Value)
	return nil
}

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "" && tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" {
			out = append(out, tag)
		}
	}
	return out
}

func word(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("%q", n.Value)
	case yaml.AliasNode, yaml.DocumentNode:
		return "something else"
	}
	return "something else"
}
