package cluster

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// ArchiveLabel marks the ConfigMaps that hold a finished run's files; its value
	// is the name of the Job.
	ArchiveLabel = "plumbline.dev/report-of"
	// chunkSize keeps a ConfigMap under etcd's and the API server's limit of 1 MiB.
	chunkSize  = 900 << 10
	indexKey   = "index.json"
	chunkKey   = "chunk.gz"
	unzipLimit = 512 << 20
)

// ArchivedFile is one file in the index of an archive.
type ArchivedFile struct {
	Name   string   `json:"name"`
	Size   int      `json:"size"`   // bytes
	SHA256 string   `json:"sha256"` // of the file, hexadecimal
	Chunks []string `json:"chunks"` // ConfigMaps, in order; the file is their concatenation, unzipped
}

// ArchiveIndex is what the first ConfigMap of an archive says.
type ArchiveIndex struct {
	Run   string         `json:"run"`
	Files []ArchivedFile `json:"files"`
	// LeftOut names the extra files that were too large to be stored.
	LeftOut []string `json:"leftOut,omitempty"`
}

// Contents are the files of a run, by name.
type Contents struct {
	// Files are stored in any case, Extra (captures) only where they are small:
	// 256 KiB each and 2 MiB in all, compressed.
	Files, Extra map[string][]byte
}

const (
	extraMost    = 256 << 10
	allExtraMost = 2 << 20
)

// Archive is a finished run's files in the cluster.
type Archive struct {
	Job     string
	Created metav1.Time
	Index   ArchiveIndex
}

// Publish stores files in ConfigMaps owned by the Job, and gives the names of those
// that were left out. The index is written last: an archive with an index is whole.
func (c *Client) Publish(ctx context.Context, self Self, run string, contents Contents) ([]string, error) {
	index := ArchiveIndex{Run: run}
	for _, name := range slices.Sorted(maps.Keys(contents.Files)) {
		zipped, err := zip(contents.Files[name])
		if err != nil {
			return nil, fmt.Errorf("compressing %s: %w", name, err)
		}
		if err := c.putFile(ctx, self, &index, name, contents.Files[name], zipped); err != nil {
			return nil, err
		}
	}
	room := allExtraMost
	for _, name := range slices.Sorted(maps.Keys(contents.Extra)) {
		zipped, err := zip(contents.Extra[name])
		if err != nil {
			return nil, fmt.Errorf("compressing %s: %w", name, err)
		}
		if len(zipped) > min(extraMost, room) {
			index.LeftOut = append(index.LeftOut, name)
			continue
		}
		room -= len(zipped)
		if err := c.putFile(ctx, self, &index, name, contents.Extra[name], zipped); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(index)
	if err != nil {
		return nil, fmt.Errorf("writing the archive's index: %w", err)
	}
	if err := c.putConfigMap(ctx, self, archiveName(self), indexKey, text); err != nil {
		return nil, fmt.Errorf("storing the archive's index: %w", err)
	}
	return index.LeftOut, nil
}

func archiveName(self Self) string { return self.Owner.Name + "-report" }

// putFile stores one file in as many ConfigMaps as it takes, and enters it in the index.
func (c *Client) putFile(ctx context.Context, self Self, index *ArchiveIndex, name string, data, zipped []byte) error {
	sum := sha256.Sum256(data)
	entry := ArchivedFile{Name: name, Size: len(data), SHA256: hex.EncodeToString(sum[:])}
	for chunk := range slices.Chunk(zipped, chunkSize) {
		object := fmt.Sprintf("%s-%d-%d", archiveName(self), len(index.Files), len(entry.Chunks))
		if err := c.putConfigMap(ctx, self, object, chunkKey, chunk); err != nil {
			return fmt.Errorf("storing %s: %w", name, err)
		}
		entry.Chunks = append(entry.Chunks, object)
	}
	index.Files = append(index.Files, entry)
	return nil
}

func (c *Client) putConfigMap(ctx context.Context, self Self, name, key string, data []byte) error {
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: self.Namespace,
			Labels:          map[string]string{"app.kubernetes.io/name": "plumbline", ArchiveLabel: self.Owner.Name},
			OwnerReferences: []metav1.OwnerReference{*self.Owner},
		},
		BinaryData: map[string][]byte{key: data},
	}
	_, err := c.Set.CoreV1().ConfigMaps(self.Namespace).Create(ctx, object, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("the Job %s has stored a report before (ConfigMap %s)", self.Owner.Name, name)
	}
	return err
}

func zip(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Archives lists the finished runs whose files are in a namespace, newest first.
func (c *Client) Archives(ctx context.Context, namespace string) ([]Archive, error) {
	list, err := c.Set.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: ArchiveLabel})
	if err != nil {
		return nil, fmt.Errorf("listing the stored reports in namespace %s: %w", namespace, err)
	}
	var out []Archive
	for i := range list.Items {
		m := &list.Items[i]
		text, ok := m.BinaryData[indexKey]
		if !ok {
			continue
		}
		a := Archive{Job: m.Labels[ArchiveLabel], Created: m.CreationTimestamp}
		if err := json.Unmarshal(text, &a.Index); err != nil {
			return nil, fmt.Errorf("reading the index in ConfigMap %s/%s: %w", namespace, m.Name, err)
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Archive) int {
		return cmp.Or(b.Created.Compare(a.Created.Time), cmp.Compare(a.Job, b.Job))
	})
	return out, nil
}

// ReadFile brings one file of an archive back, and proves that it is whole.
func (c *Client) ReadFile(ctx context.Context, namespace string, f ArchivedFile) ([]byte, error) {
	var zipped []byte
	for _, name := range f.Chunks {
		m, err := c.Set.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		zipped = append(zipped, m.BinaryData[chunkKey]...)
	}
	data, err := unzip(zipped)
	if err != nil {
		return nil, fmt.Errorf("decompressing %s: %w", f.Name, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("%s is damaged: its SHA-256 is %s, the index says %s", f.Name, hex.EncodeToString(sum[:]), f.SHA256)
	}
	return data, nil
}

func unzip(zipped []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, unzipLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > unzipLimit {
		return nil, errors.New("it is larger than 512 MiB")
	}
	return data, nil
}
