package schemagen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// Comments gathers the comments of the structs in Go source folders and of
// their fields: "report.Run" and "report.Run.ID".
func Comments(folders ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, fmt.Errorf("listing the sources in %s: %w", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				return nil, fmt.Errorf("parsing %s: %w", file, err)
			}
			gather(parsed, out)
		}
	}
	return out, nil
}

func gather(file *ast.File, out map[string]string) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			named, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			name := file.Name.Name + "." + named.Name.Name
			out[name] = oneLine(general.Doc)
			if fields, ok := named.Type.(*ast.StructType); ok {
				gatherFields(name, fields, out)
			}
		}
	}
}

func gatherFields(name string, s *ast.StructType, out map[string]string) {
	for _, field := range s.Fields.List {
		for _, ident := range field.Names {
			text := strings.TrimSpace(oneLine(field.Doc) + " " + oneLine(field.Comment))
			out[name+"."+ident.Name] = text
		}
	}
}

func oneLine(c *ast.CommentGroup) string {
	return strings.Join(strings.Fields(c.Text()), " ")
}
