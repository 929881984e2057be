package strictjson_test

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/strictjson"
)

type inner struct {
	Name string        `json:"name"`
	Kind facts.Outcome `json:"kind,omitempty"`
}

type outer struct {
	Items []inner           `json:"items"`
	More  *inner            `json:"more,omitempty"`
	Words map[string]string `json:"words,omitempty"`
	At    time.Time         `json:"at,omitzero"`
	N     int               `json:"n,omitempty"`
	List  []int             `json:"list,omitempty"`
	Yes   bool              `json:"yes,omitempty"`
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"an unknown field deep inside, with path and line", "{\"items\": [\n{\"name\":\"a\"},\n{\"nam\":\"b\"}]}", `items[1].nam (line 3): unknown field "nam"`},
		{"a field in other case", `{"Items": []}`, `Items (line 1): unknown field "Items"`},
		{"a field given twice", `{"n": 1, "n": 2}`, "n (line 1): the field stands twice"},
		{"a word that is not one of the closed ones", `{"items":[{"kind":"fine"}]}`, `items[0].kind (line 1): "fine" is not an outcome`},
		{"a number where text is expected", `{"more":{"name":3}}`, `more.name (line 1): "3" where text is expected`},
		{"text where a number is expected", `{"n":"3"}`, `n (line 1): "3" where a number is expected`},
		{"a fraction where a whole number is expected", `{"n":1.5}`, "n (line 1): a number 1.5 where int is expected"},
		{"a list where an object is expected", `{"more":[]}`, "more (line 1): a list where an object is expected"},
		{"an object where text is expected", `{"at":{}}`, "at (line 1): an object where text is expected"},
		{"a date that is none", `{"at":"yesterday"}`, "at (line 1): parsing time"},
		{"something after the end", "{}\n{}", "top level (line 2): something follows"},
		{"a file that was cut short", "{\"items\": [\n {", "items[0] (line 2): the file ends too early"},
		{"an empty file", " \n", "the file is empty"},
		{"what is not JSON", "hello", "top level (line 1): invalid character"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := strictjson.Decode(strings.NewReader(tc.in), new(outer))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestEncodeWritesListsAndReadsBack(t *testing.T) {
	t.Parallel()
	in := outer{List: []int{1, -2, 3}, Words: map[string]string{"b": "[\n 1\n]", "a": "<&>"}, More: &inner{Kind: facts.Timeout}}
	data, err := strictjson.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "items": [],
  "more": {
    "name": "",
    "kind": "timeout"
  },
  "words": {
    "a": "<&>",
    "b": "[\n 1\n]"
  },
  "list": [1,-2,3]
}
`
	if string(data) != want {
		t.Errorf("got\n%s\nwant\n%s", data, want)
	}
	if in.Items != nil {
		t.Error("Encode changed the value it was given")
	}
	var back outer
	if err := strictjson.Decode(strings.NewReader(want), &back); err != nil {
		t.Fatal(err)
	}
	if back.Words["b"] != "[\n 1\n]" || back.More.Kind != facts.Timeout {
		t.Errorf("read back %+v", back)
	}
}
