// Package html renders a report as one HTML file: no outside request, works from
// file://, complete without script and without style sheet. The script adds the
// map, the filter and the copy buttons to what is already there.
package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/plumbline-net/plumbline/reporters/report"
)

//go:embed templates/*.gohtml
var templates embed.FS

// style and script are inlined to the letter; the hash in the policy is of these bytes.
//
//go:embed assets/report.css
var style string

// The script is built from src by esbuild; the test TestBundleIsBuiltFromItsSource says when it is stale.
//
//go:generate go -C ../../.ci/tools tool esbuild ../../reporters/html/src/main.ts --bundle --minify --charset=utf8 --target=es2022 --format=iife --legal-comments=none --outfile=../../reporters/html/assets/report.js
//go:embed assets/report.js
var script string

// Write writes the report as one HTML file.
func Write(w io.Writer, r *report.Report) error {
	t, err := template.New("page.gohtml").ParseFS(templates, "templates/*.gohtml")
	if err != nil {
		return fmt.Errorf("parsing the templates: %w", err)
	}
	p, err := build(r)
	if err != nil {
		return err
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	return nil
}

// policy allows this style sheet and this script, by hash, and nothing else
// (Content Security Policy Level 3, section 6.7: inline by hash).
func policy() string {
	return fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'",
		hash(script), hash(style))
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
