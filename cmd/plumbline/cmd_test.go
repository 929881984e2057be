package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/junit"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Ginkgo keeps its tree per process, so `plumbline run` is this test binary
// executed again.
const asCommand = "PLUMBLINE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	m.Run()
}

type answer struct {
	status      int
	out, errOut string
}

// inside runs a verb in this process.
func inside(t *testing.T, args ...string) answer {
	t.Helper()
	var out, errOut bytes.Buffer
	status := run(t.Context(), args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	return answer{status, out.String(), errOut.String()}
}

// command is the binary on its own, away from any cluster of whoever runs the tests.
func command(t *testing.T, ctx context.Context, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{asCommand + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	return cmd
}

func outside(t *testing.T, args ...string) answer {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := command(t, t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	_ = cmd.Run() // the exit status is what is looked at
	return answer{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// sentence holds that exactly one sentence and at most one hint were printed.
func sentence(t *testing.T, got answer, status int, says string) {
	t.Helper()
	if got.status != status {
		t.Errorf("exit status %d, want %d", got.status, status)
	}
	if got.out != "" {
		t.Errorf("stdout: %q", got.out)
	}
	lines := strings.Split(strings.TrimSpace(got.errOut), "\n")
	if len(lines) > 2 || !strings.HasPrefix(lines[0], "plumbline: ") || !strings.Contains(lines[0], says) {
		t.Errorf("stderr %q, want one sentence with %q", got.errOut, says)
	}
}

func TestMistakesOfUsageAreOneSentence(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	write(t, blocked, "x")
	nonsense := filepath.Join(t.TempDir(), "nonsense")
	write(t, nonsense, "apiVersion: v1\nclusters: 7\n")
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, "apiVersion: v1\nkind: Config\n")
	good := kubeconfig(t, "https://127.0.0.1:1")
	for _, tc := range []struct {
		name string
		args []string
		says string
	}{
		{"an unknown command", []string{"rnu"}, `there is no command "rnu"; did you mean run?`},
		{"an unknown flag", []string{"run", "--chekcs", "x"}, "unknown flag: --chekcs"},
		{"an argument too many", []string{"run", "now"}, "plumbline run wants no argument"},
		{"a check that does not exist", []string{"run", "--checks", "kernel/ip-foward"}, `no check is called "kernel/ip-foward"; did you mean kernel/ip-forward`},
		{"an exception that does not exist", []string{"run", "--ignore-checks", "x/y"}, `--ignore-checks: no check is called "x/y"`},
		{"a filter that leaves nothing", []string{"run", "--checks", "dns/*", "--label-filter", "kernel"}, `no check is selected by --checks "dns/*" --label-filter "kernel"`},
		{"a filter that cannot be read", []string{"run", "--label-filter", "(("}, `--label-filter "((" cannot be read`},
		{"a wrong word for --fail-on", []string{"run", "--fail-on", "maybe"}, `--fail-on "maybe": want fail or warn`},
		{"no time at all", []string{"run", "--timeout", "0s"}, "--timeout 0s"},
		{"a kubeconfig that is not there", []string{"run", "--kubeconfig", "/nowhere/config"}, "/nowhere/config"},
		{"a kubeconfig that is none", []string{"run", "--kubeconfig", nonsense}, nonsense},
		{"a kubeconfig without a cluster", []string{"run", "--kubeconfig", empty}, empty + " does not exist or names no cluster"},
		{"no kubeconfig at all", []string{"run"}, "does not exist or names no cluster"},
		{"a context that is not there", []string{"run", "--kubeconfig", good, "--context", "moon"}, `"moon"`},
		{"a folder that cannot be written", []string{"run", "--kubeconfig", good, "--out", blocked + "/below"}, "--out " + blocked + "/below cannot be used"},
		{"taints that cannot be read", []string{"run", "--kubeconfig", good, "--taints", "some"}, `--taints "some"`},
		{"facts that are not there", []string{"judge", "/nowhere/facts.json"}, "reading /nowhere/facts.json"},
		{"facts that are none", []string{"judge", blocked}, "reading " + blocked},
		{"a format that is not there", []string{"report", "-o", "pdf"}, `-o "pdf" is not a format`},
		{"cases per node of what is not JUnit", []string{"report", "-o", "html", "--junit-per-node"}, "--junit-per-node goes with -o junit"},
		{"an explanation of nothing", []string{"explain", "dns/replika"}, `no check is called "dns/replika"; did you mean dns/replica`},
		{"an explanation without a name", []string{"explain"}, "plumbline explain wants the id of a check"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sentence(t, outside(t, tc.args...), exitUsage, tc.says)
		})
	}
}

func TestAClusterThatDoesNotAnswerIsNotAVerdict(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := refusing.Addr().String()
	_ = refusing.Close()
	forbidding := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": http.StatusForbidden,
			"message": `nodes is forbidden: User "guest" cannot list resource "nodes" in API group "" at the cluster scope`,
		})
	}))
	defer forbidding.Close()
	for _, tc := range []struct{ name, server, says string }{
		{"nobody listens", "https://" + address, "the API server at https://" + address + " cannot be reached"},
		{"a right is missing", forbidding.URL, `cannot list resource "nodes"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := t.TempDir()
			got := outside(t, "run", "--kubeconfig", kubeconfig(t, tc.server), "--out", out)
			sentence(t, got, exitCannotTell, tc.says)
			r := readBack(t, out)
			if r.ExitStatus != exitCannotTell || r.Verdict != report.CannotTell || !strings.Contains(r.Run.Incomplete, tc.says) {
				t.Errorf("the report: %d, %q, %q", r.ExitStatus, r.Verdict, r.Run.Incomplete)
			}
			for _, f := range formats(junit.Options{}) {
				if f.File == "" {
					continue
				}
				if info, err := os.Stat(filepath.Join(out, f.File)); err != nil || info.Size() == 0 {
					t.Errorf("%s: %v", f.File, err)
				}
			}
		})
	}
}

func TestADryRunListsWhatIsSelectedAndTouchesNothing(t *testing.T) {
	got := outside(t, "run", "--dry-run", "--label-filter", "kernel", "--kubeconfig", "/nowhere")
	if got.status != 0 || !strings.Contains(got.out, "kernel/ip-forward") || strings.Contains(got.out, "dns/replica") {
		t.Errorf("exit status %d, %s%s", got.status, got.out, got.errOut)
	}
}

func TestEveryCheckIsListedAndExplained(t *testing.T) {
	list := inside(t, "list", "-o", "json")
	var items []struct{ ID, Promise string }
	if err := json.Unmarshal([]byte(list.out), &items); err != nil || len(items) != len(allChecks()) {
		t.Fatalf("%v, %d of %d", err, len(items), len(allChecks()))
	}
	for _, item := range items {
		got := inside(t, "explain", item.ID)
		if got.status != 0 || !strings.Contains(got.out, item.Promise) || strings.Contains(got.out, "no page") {
			t.Errorf("explain %s: exit status %d, %.80s", item.ID, got.status, got.out)
		}
	}
}

func TestJudgingTwiceGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	s := recording()
	factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".T.", "T.T", ".T.")
	record(t, filepath.Join(dir, "facts.json"), s)
	first, second := t.TempDir(), t.TempDir()
	one := inside(t, "judge", filepath.Join(dir, "facts.json"), "--out", first)
	two := inside(t, "judge", filepath.Join(dir, "facts.json"), "--out", second)
	if one.status != 1 || two.status != 1 {
		t.Fatalf("exit status %d and %d: %s", one.status, two.status, one.errOut)
	}
	if !strings.Contains(one.out, filepath.Join(first, reporters.HTMLFile)+" (and 2 files beside it)") {
		t.Errorf("it says of other files than it wrote:\n%s", one.out)
	}
	for _, f := range formats(junit.Options{}) {
		if f.File == "" {
			continue
		}
		a, err1 := os.ReadFile(filepath.Join(first, f.File))
		b, err2 := os.ReadFile(filepath.Join(second, f.File))
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s differs or is missing: %v, %v", f.File, err1, err2)
		}
	}
}

func TestAHealthyRecordingIsConformant(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "facts.json"), recording())
	got := inside(t, "judge", filepath.Join(dir, "facts.json"))
	if got.status != 0 || !strings.Contains(got.out, "fit for use") || got.errOut != "" {
		t.Errorf("exit status %d\n%s%s", got.status, got.out, got.errOut)
	}
	for _, f := range formats(junit.Options{}) {
		rendered := inside(t, "report", "--from", filepath.Join(dir, reporters.ReportFile), "-o", f.Name)
		if rendered.status != 0 || rendered.out == "" {
			t.Errorf("report -o %s: exit status %d, %s", f.Name, rendered.status, rendered.errOut)
		}
		if f.File == "" {
			continue
		}
		if file, err := os.ReadFile(filepath.Join(dir, f.File)); err != nil || string(file) != rendered.out {
			t.Errorf("report -o %s gives other bytes than the file: %v", f.Name, err)
		}
	}
}

func TestCasesPerNodeAreTheSameFromFactsAndFromTheReport(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "facts.json"), recording())
	inside(t, "judge", filepath.Join(dir, "facts.json"), "--junit-per-node")
	file, err := os.ReadFile(filepath.Join(dir, reporters.JUnitFile))
	if err != nil || !strings.Contains(string(file), ` [n1]"`) {
		t.Errorf("judge --junit-per-node wrote no case of a node: %v\n%.2000s", err, file)
	}
	rendered := inside(t, "report", "--from", filepath.Join(dir, reporters.ReportFile), "-o", "junit", "--junit-per-node")
	if rendered.out != string(file) {
		t.Errorf("report -o junit gives other bytes than the file: %s", rendered.errOut)
	}
}

// recording is a healthy cluster of which everything was asked.
func recording() *facts.Snapshot {
	s := factstest.Healthy(3)
	s.Run.Checks, s.Run.IgnoreChecks = nil, nil
	for _, c := range allChecks() {
		s.Run.Checks = append(s.Run.Checks, c.ID)
	}
	return s
}

func record(t *testing.T, path string, s *facts.Snapshot) {
	t.Helper()
	data, err := facts.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(data))
}

func readBack(t *testing.T, dir string) *report.Report {
	t.Helper()
	r, err := read(filepath.Join(dir, reporters.ReportFile), report.Decode)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	write(t, path, `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "`+server+`", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: guest}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`)
	return path
}
