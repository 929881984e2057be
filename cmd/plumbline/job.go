package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/reporters"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// podNameVariable is set in manifests/job through the downward API.
const podNameVariable = "POD_NAME"

// terminationPath is where a container leaves its last words (Kubernetes
// documentation, "Determine the Reason for Pod Failure"); at most 4,096 bytes count.
const (
	terminationPath  = "/dev/termination-log"
	terminationLimit = 4096
)

const publishTimeout = 30 * time.Second

// job is the runner as a pod of the cluster.
type job struct {
	client *cluster.Client
	self   cluster.Self
}

// newJob finds out about the runner's own pod. Without POD_NAME there is nothing
// to be owned by, and the reports stay in --out.
func newJob(ctx context.Context, config *rest.Config, namespace string) (*job, error) {
	pod := os.Getenv(podNameVariable)
	if pod == "" {
		return nil, nil
	}
	client, err := cluster.New(config)
	if err != nil {
		return nil, err
	}
	self, err := client.Self(ctx, namespace, pod)
	if err != nil {
		return nil, explainAPI(err, config.Host)
	}
	return &job{client, self}, nil
}

// publish stores the files of the run in the cluster, the captures too where they are
// small, and leaves one line of JSON as the container's last words. It gives the names
// of the captures that were left out. It has a context of its own: it runs after a
// SIGTERM too.
func (j *job) publish(ctx context.Context, dir string, r *report.Report, captures []string) ([]string, error) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	files, err := filesOf(dir, []string{reporters.FactsFile, reporters.ReportFile, reporters.JUnitFile, reporters.HTMLFile})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(captures))
	for _, path := range captures {
		names = append(names, filepath.Base(path))
	}
	extra, err := filesOf(dir, names)
	if err != nil {
		return nil, err
	}
	said := lastWords(terminationPath, r)
	leftOut, err := j.client.Publish(own, j.self, r.Run.ID, cluster.Contents{Files: files, Extra: extra})
	return leftOut, errors.Join(said, err)
}

// filesOf reads files of the folder; one that is not there is left out, as nothing
// was observed then.
func filesOf(dir string, names []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s back: %w", name, err)
		}
		out[name] = data
	}
	return out, nil
}

// lastWords writes the verdict where `kubectl describe pod` shows it.
func lastWords(path string, r *report.Report) error {
	words := struct {
		Verdict    report.Verdict `json:"verdict"`
		ExitStatus int            `json:"exitStatus"`
		Run        string         `json:"run"`
		Sentence   string         `json:"sentence"`
		Causes     []string       `json:"causes"`
	}{r.Verdict, r.ExitStatus, r.Run.ID, r.Sentence, []string{}}
	text, err := json.Marshal(words)
	for _, c := range r.Causes[:min(len(r.Causes), 3)] {
		words.Causes = append(words.Causes, c.Says)
		longer, longerErr := json.Marshal(words)
		if len(longer) > terminationLimit {
			break
		}
		text, err = longer, longerErr
	}
	if err != nil {
		return fmt.Errorf("writing the termination message: %w", err)
	}
	// Not through a temporary file: the path is a file that the kubelet mounted.
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("writing the termination message: %w", err)
	}
	return nil
}
