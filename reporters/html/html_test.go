package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/reporters/html"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func write(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inline finds the contents of the elements that the policy allows by hash.
func inline(page, tag string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestGoldenFiles(t *testing.T) {
	for _, s := range reporttest.All() {
		t.Run(s.Name, func(t *testing.T) {
			got := write(t, s.Report)
			for _, tag := range []string{"style", "script"} {
				// They have files of their own; the golden file is about the page.
				got = strings.Replace(got, inline(got, tag)[0], "", 1)
			}
			// So do the pages that explain causes.
			got = regexp.MustCompile(`(?s)(<summary>What this cause is.*?</h4>\n).*?\n(</details>)`).ReplaceAllString(got, "$1…\n$2")
			got = regexp.MustCompile(`sha256-[\w+/&#;]+=`).ReplaceAllString(got, "sha256-…")
			golden.File(t, filepath.Join("testdata", s.Name+".html"), []byte(got), *update)
		})
	}
}

func TestThePolicyAllowsWhatIsInThePageAndNothingElse(t *testing.T) {
	page := write(t, reporttest.Hostile())
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if policy == nil {
		t.Fatal("no policy")
	}
	got := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	hash := func(tag string) string {
		found := inline(page, tag)
		if len(found) != 1 {
			t.Fatalf("%d elements <%s>, want one", len(found), tag)
		}
		sum := sha256.Sum256([]byte(found[0]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := "default-src 'none'; script-src " + hash("script") + "; style-src " + hash("style") + "; base-uri 'none'; form-action 'none'"
	if got != want {
		t.Errorf("policy\n%s\nwant\n%s", got, want)
	}
}

func TestHostileNamesStayText(t *testing.T) {
	page := write(t, reporttest.Hostile())
	for what, want := range map[string]int{"<script": 2, "</script": 2, "<img": 0, "<b>bold": 0, "<svg": 2, "<svg onload": 0, "<!--": 0, "\x1b": 0, "\x00": 0} {
		if n := strings.Count(page, what); n != want {
			t.Errorf("%q stands %d times in the page, want %d", what, n, want)
		}
	}
	for _, bad := range []string{`\son\w+\s*=\s*["'a-z]`, `\sstyle="`, `(?:href|src)="?[^"#\s]`, `\bautofocus\b[^&]`} {
		markup := regexp.MustCompile(`<[a-z][^>]*>`).FindAllString(page, -1)
		for _, tag := range markup {
			outside := regexp.MustCompile(`(content|data-search|id|aria-label)="[^"]*"`).ReplaceAllString(tag, "")
			if regexp.MustCompile(bad).MatchString(outside) {
				t.Errorf("%s in %s", bad, tag)
			}
		}
	}
}

func TestThePageIsInTheOrderInWhichItIsNeeded(t *testing.T) {
	page := write(t, reporttest.IPForward())
	page = page[strings.Index(page, "<body>"):]
	at := 0
	for _, part := range []string{
		"<h1>Not conformant", "exit status <b>1</b>", "https://10.88.0.2:6443", "84 of 84 pairs answered, 3 of 3 nodes tested", "14 March 2026, 03:02:11 UTC",
		"plumbline v0.1.0", "Fix first", "demo-worker2 does not forward packets: net.ipv4.ip_forward is 0",
		"sysctl -w net.ipv4.ip_forward=1", "The worst pairs", "timed out", "All checks", "Nodes", "What was not checked, and why",
	} {
		i := strings.Index(page[at:], part)
		if i < 0 {
			t.Fatalf("%q is not where it belongs", part)
		}
		at += i
	}
}

func TestBundleIsBuiltFromItsSource(t *testing.T) {
	built := filepath.Join(t.TempDir(), "report.js")
	source, err := os.ReadFile("html.go")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`//go:generate go (.*) --outfile=`).FindStringSubmatch(string(source))
	if line == nil {
		t.Fatal("html.go does not say how the bundle is built")
	}
	out, err := exec.CommandContext(t.Context(), "go", append(strings.Fields(line[1]), "--outfile="+built)...).CombinedOutput()
	if err != nil {
		t.Fatalf("building the bundle: %v\n%s", err, out)
	}
	got, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("assets/report.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("assets/report.js is stale: run go generate ./reporters/html")
	}
}

func TestTheSameReportGivesTheSameBytes(t *testing.T) {
	first, second := write(t, reporttest.ThreeCauses()), write(t, reporttest.ThreeCauses())
	if first != second {
		t.Error("two pages of one report differ")
	}
}

func TestFiveHundredNodesStayReadableByMachines(t *testing.T) {
	page := write(t, reporttest.Big(500))
	if size := len(page); size > 12<<20 {
		t.Errorf("%d bytes for 500 nodes and %d layers", size, strings.Count(page, `"rowOrder"`))
	}
	if n := strings.Count(page, `<tr><th scope="row"><a href="#pair=`); n != 25 {
		t.Errorf("%d worst pairs, want 25", n)
	}
}

func TestAFindingThatNamesItsFlowAtEachPairReadsTheSame(t *testing.T) {
	for _, s := range reporttest.All() {
		want := write(t, s.Report)
		for i := range s.Report.Checks {
			for j := range s.Report.Checks[i].Findings {
				f := &s.Report.Checks[i].Findings[j]
				for k := range f.Pairs {
					f.Pairs[k].Flow = f.Flow
				}
				f.Flow = ""
			}
		}
		if got := write(t, s.Report); got != want {
			t.Errorf("%s: the page differs", s.Name)
		}
	}
}
