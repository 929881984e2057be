package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Encode gives indented JSON with a newline at its end: the same bytes for the
// same value. A nil list that is not omitted is written as [], so that a reader
// needs no second word for "none". Lists of numbers stay on one line.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(filled(reflect.ValueOf(v)).Interface()); err != nil {
		return nil, fmt.Errorf("encoding JSON: %w", err)
	}
	// A raw line break never stands inside a JSON string, so this matches lists only.
	numbers := regexp.MustCompile(`\[\n\s*-?\d+(?:,\n\s*-?\d+)*\n\s*\]`)
	space := regexp.MustCompile(`\n\s*`)
	return numbers.ReplaceAllFunc(b.Bytes(), func(list []byte) []byte {
		return space.ReplaceAll(list, nil)
	}), nil
}

// filled is a deep copy in which nil lists of fields without omitempty are empty
// lists. The value itself is left alone: it may be shared.
func filled(v reflect.Value) reflect.Value {
	if leaf(v.Type()) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(filled(v.Elem()))
		return out
	case reflect.Struct:
		return filledStruct(v)
	case reflect.Slice:
		if v.IsNil() || plain(v.Type().Elem()) {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(filled(v.Index(i)))
		}
		return out
	default:
		return v
	}
}

func filledStruct(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		_, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if v.Field(i).Kind() == reflect.Slice && v.Field(i).IsNil() && options == "" && !leaf(field.Type) {
			out.Field(i).Set(reflect.MakeSlice(field.Type, 0, 0))
			continue
		}
		out.Field(i).Set(filled(v.Field(i)))
	}
	return out
}

// plain says whether values of a type hold no lists.
func plain(t reflect.Type) bool {
	return leaf(t) || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Pointer
}
