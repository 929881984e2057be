package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodesWithout gives the nodes whose list of images does not show an image. A
// kubelet lists the 50 largest images only (KubeletConfiguration,
// nodeStatusMaxImages), so an image that is not listed may be there all the same.
func (c *Client) NodesWithout(ctx context.Context, image string) ([]string, error) {
	list, err := c.Set.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	want := fullName(image)
	var out []string
	for i := range list.Items {
		listed := false
		for _, i := range list.Items[i].Status.Images {
			listed = listed || slices.ContainsFunc(i.Names, func(name string) bool { return fullName(name) == want })
		}
		if !listed {
			out = append(out, list.Items[i].Name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// fullName writes an image as container runtimes list it: "plumbline" is
// "docker.io/library/plumbline:latest" (distribution/reference, "normalized named").
func fullName(image string) string {
	host, path, found := strings.Cut(image, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, path = "docker.io", image
	}
	if host == "docker.io" && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	name, digest, digested := strings.Cut(path, "@")
	switch {
	case digested:
		// A tag beside a digest decides nothing.
		last := strings.LastIndex(name, "/")
		if tag := strings.LastIndex(name, ":"); tag > last {
			name = name[:tag]
		}
		return host + "/" + name + "@" + digest
	case strings.LastIndex(path, ":") < strings.LastIndex(path, "/"), !strings.Contains(path, ":"):
		return host + "/" + path + ":latest"
	}
	return host + "/" + path
}
