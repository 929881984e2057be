package cluster

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func published(t *testing.T, files map[string][]byte) *Client {
	t.Helper()
	c := &Client{Set: fake.NewClientset()}
	self := Self{Namespace: "plumbline", Owner: &metav1.OwnerReference{Kind: "Job", Name: "acceptance", UID: "1"}}
	if _, err := c.Publish(t.Context(), self, "run-1", Contents{Files: files}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsPublishedComesBackByteForByte(t *testing.T) {
	big := make([]byte, 3*chunkSize)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(big) // does not compress, so it needs several ConfigMaps
	files := map[string][]byte{"facts.json": big, "report.json": []byte(`{"verdict":"conformant"}`), "empty": {}}
	c := published(t, files)
	archives, err := c.Archives(t.Context(), "plumbline")
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives: %v, %v", archives, err)
	}
	for _, f := range archives[0].Index.Files {
		got, err := c.ReadFile(t.Context(), "plumbline", f)
		if err != nil || !bytes.Equal(got, files[f.Name]) {
			t.Errorf("%s: %d bytes came back of %d: %v", f.Name, len(got), len(files[f.Name]), err)
		}
		if f.Name == "facts.json" && len(f.Chunks) < 3 {
			t.Errorf("3 chunks of random bytes were stored in %v", f.Chunks)
		}
	}
}

func TestEveryConfigMapBelongsToTheJobAndFits(t *testing.T) {
	big := make([]byte, 2*chunkSize)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(big)
	c := published(t, map[string][]byte{"facts.json": big})
	list, err := c.Set.CoreV1().ConfigMaps("plumbline").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) < 3 {
		t.Fatalf("%d ConfigMaps, %v", len(list.Items), err)
	}
	for _, m := range list.Items {
		if len(m.OwnerReferences) != 1 || m.OwnerReferences[0].Name != "acceptance" {
			t.Errorf("%s is owned by %v", m.Name, m.OwnerReferences)
		}
		if n := len(m.BinaryData[chunkKey]); n > chunkSize {
			t.Errorf("%s holds %d bytes", m.Name, n)
		}
	}
}

func TestADamagedChunkIsNamed(t *testing.T) {
	c := published(t, map[string][]byte{"report.json": []byte("whole")})
	archives, _ := c.Archives(t.Context(), "plumbline")
	f := archives[0].Index.Files[0]
	f.SHA256 = strings.Repeat("0", 64)
	if _, err := c.ReadFile(t.Context(), "plumbline", f); err == nil || !strings.Contains(err.Error(), "report.json is damaged") {
		t.Errorf("a wrong sum gave %v", err)
	}
}

func TestASecondReportOfTheSameJobIsRefused(t *testing.T) {
	c := published(t, map[string][]byte{"report.json": []byte("first")})
	self := Self{Namespace: "plumbline", Owner: &metav1.OwnerReference{Kind: "Job", Name: "acceptance", UID: "1"}}
	_, err := c.Publish(t.Context(), self, "run-2", Contents{Files: map[string][]byte{"report.json": []byte("second")}})
	if err == nil || !strings.Contains(err.Error(), "before") {
		t.Errorf("a second report gave %v", err)
	}
}

func TestCapturesAreStoredWhereTheyAreSmall(t *testing.T) {
	noise := func(n int) []byte { // does not compress
		out := make([]byte, n)
		_, _ = rand.NewChaCha8([32]byte{3}).Read(out)
		return out
	}
	extra := map[string][]byte{"trace-1-n1.pcapng": noise(4 << 10), "trace-1-n2.pcapng": noise(300 << 10), "trace-2-n1.pcapng": make([]byte, 4<<20)}
	many := map[string][]byte{}
	for i := range 11 {
		many["trace-"+string(rune('a'+i))] = noise(200 << 10)
	}
	for _, c := range []struct {
		name    string
		extra   map[string][]byte
		leftOut string
		stored  int
	}{
		{"one that is large when compressed is left out", extra, "trace-1-n2.pcapng", 2},
		{"together they are bounded too", many, "trace-k", 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &Client{Set: fake.NewClientset()}
			self := Self{Namespace: "plumbline", Owner: &metav1.OwnerReference{Kind: "Job", Name: "acceptance", UID: "1"}}
			leftOut, err := client.Publish(t.Context(), self, "run-1", Contents{Extra: c.extra})
			if err != nil || strings.Join(leftOut, " ") != c.leftOut {
				t.Errorf("left out: %v, %v", leftOut, err)
			}
			archives, err := client.Archives(t.Context(), "plumbline")
			if err != nil || len(archives) != 1 || len(archives[0].Index.Files) != c.stored || strings.Join(archives[0].Index.LeftOut, " ") != c.leftOut {
				t.Fatalf("stored: %+v, %v", archives, err)
			}
			for _, f := range archives[0].Index.Files {
				if got, err := client.ReadFile(t.Context(), "plumbline", f); err != nil || !bytes.Equal(got, c.extra[f.Name]) {
					t.Errorf("%s came back as %d bytes: %v", f.Name, len(got), err)
				}
			}
		})
	}
}
