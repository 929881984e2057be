// Package schematest holds the proofs that a JSON Schema and the Go types behind
// it agree.
package schematest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/framework/strictjson/schemagen"
)

// IsThatOf compares schema.json of the package under test with what its types
// say; with update it is written. The folders hold the types and their comments.
func IsThatOf(t *testing.T, types schemagen.Source, update bool, folders ...string) {
	t.Helper()
	comments, err := schemagen.Comments(folders...)
	if err != nil {
		t.Fatal(err)
	}
	types.Comments = comments
	got, err := schemagen.Generate(types)
	if err != nil {
		t.Fatal(err)
	}
	golden.File(t, "schema.json", got, update)
}

// Obeys fails the test where the document does not obey the schema.
func Obeys(t *testing.T, schema string, doc []byte) {
	t.Helper()
	if err := validate(t, schema, doc); err != nil {
		t.Errorf("the document breaks its schema: %v", err)
	}
}

func validate(t *testing.T, schema string, doc []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatalf("the schema is not JSON: %v", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("the schema is not one: %v", err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatalf("the document is not JSON: %v", err)
	}
	return compiled.Validate(value)
}

// RefusesUnknownFields adds a field to each object of the document in turn; the
// schema and decode must both refuse it.
func RefusesUnknownFields(t *testing.T, schema string, doc []byte, decode func(string) error) {
	t.Helper()
	if err := decode(string(doc)); err != nil {
		t.Fatalf("decoding what was encoded: %v", err)
	}
	var root any
	if err := json.Unmarshal(doc, &root); err != nil {
		t.Fatal(err)
	}
	each(root, "", func(path string, object map[string]any) {
		if slices.Contains(dataKeys(), path[strings.LastIndex(path, ".")+1:]) {
			return // the names are data
		}
		object["surprise"] = 1
		changed, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, changed); err == nil {
			t.Errorf("the schema accepts an unknown field at %q", path)
		}
		want := strings.TrimPrefix(path+".surprise", ".")
		if err := decode(string(changed)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("decoding an unknown field at %q gave %v, which does not name %q", path, err, want)
		}
		delete(object, "surprise")
	})
}

// dataKeys are the objects whose names are data: sysctls, counters, states of sockets, pressure stall lines, packed lists.
func dataKeys() []string { return []string{"sysctls", "counters", "states", "stall", "packed"} }

func each(v any, path string, visit func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			each(v[name], strings.TrimPrefix(path+"."+name, "."), visit)
		}
	case []any:
		for i := range v {
			each(v[i], fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

// Fill makes a value in which every field is set: lists and maps hold one
// element, and text is one that the closed words of facts and check accept.
func Fill[T any](at time.Time, addr netip.Addr) *T {
	out := new(T)
	fill(reflect.ValueOf(out).Elem(), at, addr)
	return out
}

func fill(v reflect.Value, at time.Time, addr netip.Addr) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(at))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(addr))
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.AddrPortFrom(addr, 53)))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(addr, 24)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			// "notRun" says that there is nothing, so it cannot stand beside something.
			if f := v.Type().Field(i); f.IsExported() && f.Name != "NotRun" {
				fill(v.Field(i), at, addr)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), at, addr)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, at, addr)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("net.ipv4.ip_forward"), value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), at, addr)
	case reflect.String:
		v.SetString(text(v.Type().Name()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(0)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(1)
	default:
		panic("no value for " + v.Type().String())
	}
}

func text(typeName string) string {
	words := map[string]string{
		"Family": "ipv4", "Look": "main", "VantageKind": "pod", "TargetKind": "pod", "Via": "tcp",
		"Level": "core", "Verdict": "conformant",
		"Outcome": "whole", "State": "seen", "Direction": "request",
	}
	if w, ok := words[typeName]; ok {
		return w
	}
	return "text"
}
