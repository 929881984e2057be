package html

import (
	"html/template"
	"regexp"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/plain"
)

// markdown renders the explanation pages of causes: headings (those of the second
// level become h5, for they stand within a cause), paragraphs, lists of one level,
// tables, blocks of code, code and bold. The head of the page is left out: it is the
// name of the cause. Every text is escaped; markup in it stays text.
func markdown(text string) template.HTML {
	var m marked
	for line := range strings.Lines(plain.Text(text)) {
		m.line(strings.TrimRight(line, " \n"))
	}
	m.end()
	return template.HTML(m.out.String())
}

// marked is the page as far as it is written, and the block that is open.
type marked struct {
	out  strings.Builder
	kind blockKind
	text []string // of the open block: its lines, items or rows
}

type blockKind string

const (
	none       blockKind = ""
	paragraph  blockKind = "p"
	bullets    blockKind = "ul"
	numbers    blockKind = "ol"
	table      blockKind = "table"
	block      blockKind = "pre"
	blockFence           = "```"
)

func (m *marked) line(l string) {
	bare := strings.TrimSpace(l)
	fence := strings.HasPrefix(bare, blockFence)
	switch {
	case m.kind == block && !fence:
		m.text = append(m.text, l)
	case fence && m.kind == block:
		m.end()
	case fence:
		m.begin(block)
	case bare == "":
		m.end()
	case strings.HasPrefix(l, "#"):
		m.end()
		m.heading(l)
	case strings.HasPrefix(bare, "|"):
		m.begin(table)
		m.text = append(m.text, bare)
	default:
		m.words(bare)
	}
}

// words are those of an item or a paragraph, or go on with the one that is open.
func (m *marked) words(bare string) {
	item := regexp.MustCompile(`^(?:[-*]|(\d+)\.) +(.*)`).FindStringSubmatch(bare)
	switch {
	case item != nil && item[1] != "":
		m.begin(numbers)
		m.text = append(m.text, item[2])
	case item != nil:
		m.begin(bullets)
		m.text = append(m.text, item[2])
	case len(m.text) > 0 && m.kind != table:
		m.text[len(m.text)-1] += "\n" + bare
	default:
		m.end()
		m.begin(paragraph)
		m.text = append(m.text, bare)
	}
}

// begin opens a block, where it is not the one that is open.
func (m *marked) begin(kind blockKind) {
	if m.kind != kind {
		m.end()
	}
	m.kind = kind
}

func (m *marked) end() {
	switch m.kind {
	case none:
	case paragraph:
		m.write("<p>", inline(strings.Join(m.text, "\n")), "</p>\n")
	case bullets, numbers:
		m.write("<", string(m.kind), ">\n")
		for _, item := range m.text {
			m.write("<li>", inline(item), "</li>\n")
		}
		m.write("</", string(m.kind), ">\n")
	case table:
		m.table()
	case block:
		m.write("<pre><code>", template.HTMLEscapeString(strings.Join(m.text, "\n")), "</code></pre>\n")
	}
	m.kind, m.text = none, nil
}

func (m *marked) heading(l string) {
	level := len(l) - len(strings.TrimLeft(l, "#"))
	text := inline(strings.TrimSpace(l[level:]))
	switch level {
	case 1:
	case 2:
		m.write("<h5>", text, "</h5>\n")
	default:
		m.write("<h6>", text, "</h6>\n")
	}
}

// table has a row of heads, a row of dashes, and rows.
func (m *marked) table() {
	m.write("<table>\n")
	for i, row := range m.text {
		if strings.Trim(row, "|-: ") == "" {
			continue
		}
		tag, scope := "td", ""
		if i == 0 {
			tag, scope = "th", ` scope="col"`
		}
		m.write("<tr>")
		for _, cell := range strings.Split(strings.Trim(row, "|"), "|") {
			m.write("<", tag, scope, ">", inline(strings.TrimSpace(cell)), "</", tag, ">")
		}
		m.write("</tr>\n")
	}
	m.write("</table>\n")
}

func (m *marked) write(parts ...string) {
	for _, p := range parts {
		m.out.WriteString(p)
	}
}

// inline is text with `code` and **bold**; what is not closed is text.
func inline(s string) string {
	const tick, stars = "`", "**"
	var out strings.Builder
	for s != "" {
		code, bold := strings.Index(s, tick), strings.Index(s, stars)
		mark, open, closing, at := tick, "<code>", "</code>", code
		if code < 0 || bold >= 0 && bold < code {
			mark, open, closing, at = stars, "<b>", "</b>", bold
		}
		if at < 0 {
			break
		}
		inside, after, closed := strings.Cut(s[at+len(mark):], mark)
		if !closed {
			break
		}
		out.WriteString(template.HTMLEscapeString(s[:at]))
		if mark == stars {
			inside = inline(inside)
		} else {
			inside = template.HTMLEscapeString(inside)
		}
		out.WriteString(open + inside + closing)
		s = after
	}
	return out.String() + template.HTMLEscapeString(s)
}
