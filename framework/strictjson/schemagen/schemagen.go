// Package schemagen derives the JSON Schema of a versioned file from the Go
// types that read and write it, so that the two cannot part. Descriptions are
// the comments of the fields.
package schemagen

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/strictjson"
)

// Source says what a schema is made from.
type Source struct {
	ID    string // of the schema
	Title string
	Type  reflect.Type // the struct at the top
	// Consts are fields with one allowed value: "Report.apiVersion".
	Consts map[string]string
	// Words are the closed words of a type, which is text in JSON.
	Words map[reflect.Type][]string
	// Comments are the texts that Comments gathered: "report.Run.id".
	Comments map[string]string
}

// Schema is the part of JSON Schema 2020-12 that is needed.
type Schema struct {
	Dialect     string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Type        string             `json:"type,omitempty"`
	Const       string             `json:"const,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Format      string             `json:"format,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	// Additional is false for a struct, and a schema for a map.
	Additional any                `json:"additionalProperties,omitempty"`
	Defs       map[string]*Schema `json:"$defs,omitempty"`
}

// Generate writes the schema: the same bytes for the same types.
func Generate(s Source) ([]byte, error) {
	g := generator{Source: s, defs: map[string]*Schema{}}
	top := g.object(s.Type)
	top.Dialect = "https://json-schema.org/draft/2020-12/schema"
	top.ID, top.Title, top.Defs = s.ID, s.Title, g.defs
	return strictjson.Encode(top)
}

type generator struct {
	Source
	defs map[string]*Schema
}

func (g generator) of(t reflect.Type) *Schema {
	if words, ok := g.Words[t]; ok {
		return &Schema{Type: "string", Enum: words}
	}
	if t == reflect.TypeFor[time.Time]() {
		return &Schema{Type: "string", Format: "date-time"}
	}
	if t == reflect.TypeFor[netip.Addr]() || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return &Schema{Type: "string"}
	}
	zero := 0
	switch t.Kind() {
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Struct:
		return g.reference(t)
	case reflect.Slice:
		return &Schema{Type: "array", Items: g.of(t.Elem())}
	case reflect.Map:
		return &Schema{Type: "object", Additional: g.of(t.Elem())}
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64:
		return &Schema{Type: "integer"}
	case reflect.Float64:
		return &Schema{Type: "number"}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &Schema{Type: "integer", Minimum: &zero}
	default:
		panic(fmt.Sprintf("no JSON Schema for %s", t))
	}
}

// reference puts a struct under $defs once, by package and name: two packages
// may each have a Run.
func (g generator) reference(t reflect.Type) *Schema {
	name := t.String()
	if _, ok := g.defs[name]; !ok {
		g.defs[name] = nil // breaks a circle
		g.defs[name] = g.object(t)
	}
	return &Schema{Ref: "#/$defs/" + name}
}

func (g generator) object(t reflect.Type) *Schema {
	s := &Schema{
		Type: "object", Description: g.Comments[t.String()],
		Properties: map[string]*Schema{}, Additional: false,
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || name == "" {
			continue
		}
		property := g.of(f.Type)
		property.Description = g.Comments[t.String()+"."+f.Name]
		property.Const = g.Consts[t.Name()+"."+name]
		s.Properties[name] = property
		if options == "" {
			s.Required = append(s.Required, name)
		}
	}
	return s
}
