package main

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// rights asks for every right of the list, and gives those that are missing.
func (p *preflight) rights(ctx context.Context) ([]cluster.Right, error) {
	list := p.access.Rights()
	missing, err := p.client.Missing(ctx, list)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		p.add(row{word: wordUnknown, what: "rights", says: "the API server does not answer such questions: " + oneLine(err)})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		p.lacking, p.user = true, p.client.User(ctx)
	}
	lacks := map[cluster.Right]bool{}
	for _, r := range missing {
		lacks[r] = true
	}
	var held []cluster.Right
	for _, r := range list {
		if !lacks[r] {
			held = append(held, r)
		}
	}
	for _, g := range cluster.Grants(held) {
		p.add(row{word: wordOK, what: g.What(), where: p.where(g), says: strings.Join(g.For, "; ")})
	}
	for _, g := range cluster.Grants(missing) {
		r := row{word: wordMissing, what: g.What(), where: p.where(g), says: strings.Join(g.For, "; ")}
		if g.Without != "" {
			r.word, r.says = wordWarn, r.says+"; a run goes on without: "+g.Without
		}
		p.add(r)
	}
	return missing, nil
}

// where is the namespace of a right, in as few words as a table has room for.
func (p *preflight) where(g cluster.Grant) string {
	if p.access.OwnNamespace && g.Namespace == p.access.Namespace {
		return "the run's own"
	}
	return g.Namespace
}

// versions compares the nodes with the API server, and says which lack the image.
func (p *preflight) versions(ctx context.Context, server string) error {
	nodes, _, err := p.client.Nodes(ctx)
	if err != nil {
		return err
	}
	p.nodes = len(nodes)
	api, err := utilversion.ParseGeneric(server)
	if err != nil {
		p.add(row{word: wordUnknown, what: "versions", says: fmt.Sprintf("%q is no version: %v", server, err)})
	} else {
		var odd []string
		for _, n := range nodes {
			if why := skew(api, n.Kubelet); why != "" {
				odd = append(odd, n.Name+" ("+why+")")
			}
		}
		p.add(versionsRow(len(nodes), odd))
	}
	without, err := p.client.NodesWithout(ctx, p.run.Image)
	if err != nil {
		return err
	}
	p.add(imageRow(p.run.Image, len(nodes), without))
	return nil
}

func versionsRow(nodes int, odd []string) row {
	r := row{word: wordOK, what: "versions of the nodes", says: figures.Count(nodes, "kubelet") + " within the skew that Kubernetes supports"}
	if len(odd) > 0 {
		r.word, r.says = wordWarn, "outside the skew that Kubernetes supports: "+strings.Join(odd, ", ")
		r.remedy = "a run can go; upgrade those nodes (https://kubernetes.io/releases/version-skew-policy/)"
	}
	return r
}

// skew says how a kubelet breaks the version skew policy: it may not be newer
// than the API server, nor more than three minor versions older (Kubernetes
// documentation, "Version Skew Policy").
func skew(api *utilversion.Version, kubelet string) string {
	v, err := utilversion.ParseGeneric(kubelet)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is no version", kubelet)
	case v.Major() != api.Major() || v.Minor() > api.Minor():
		return kubelet + " is newer than the API server"
	case api.Minor()-v.Minor() > 3:
		return fmt.Sprintf("%s is %d minor versions older than the API server", kubelet, api.Minor()-v.Minor())
	}
	return ""
}

// imageRow tells where the image is. One that is not listed is no refusal: the
// kubelet lists its 50 largest images only, reports a changed list after up to five minutes
// (KubeletConfiguration, nodeStatusReportFrequency), and pulls what it lacks.
func imageRow(image string, nodes int, without []string) row {
	r := row{word: wordOK, what: "image " + image, says: "on all of " + figures.Count(nodes, "node")}
	if len(without) > 0 {
		r.word = wordWarn
		r.says = fmt.Sprintf("not listed on %d of %s (%s); an absent image will be pulled", len(without), figures.Count(nodes, "node"), strings.Join(without, ", "))
		r.remedy = "load the image there, or name one that these nodes can pull with --image; an image loaded in the last five minutes may not be listed yet"
	}
	return r
}

// admission tries the objects that the rights allow to try.
func (p *preflight) admission(ctx context.Context, missing []cluster.Right) error {
	kind, in := "daemonsets", p.access.Namespace
	if p.access.OwnNamespace {
		kind, in = "namespaces", ""
	}
	const what = "pod security and admission"
	if !p.may(missing, "create", kind, in) {
		p.add(row{word: wordUnknown, what: what, says: "not tried: the right to create " + kind + " is missing"})
		return nil
	}
	pods := false
	if !p.access.OwnNamespace {
		refused, err := p.client.Missing(ctx, []cluster.Right{{Verb: "create", Resource: "pods", Namespace: in}})
		if err != nil && !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) && !apierrors.IsMethodNotSupported(err) {
			return err
		}
		pods = err == nil && len(refused) == 0
	}
	for _, t := range p.client.Try(ctx, p.run, p.access, pods) {
		p.add(p.trialRow(t))
		if apierrors.IsNotFound(t.Err) {
			return nil // there is no namespace, and no more to be said of it
		}
	}
	if !pods && !p.access.OwnNamespace {
		p.add(row{
			word: wordUnknown, what: what,
			says: "pods were not tried: a run needs no right to create them itself, and these credentials do not have it",
		})
	}
	return nil
}

func (p *preflight) trialRow(t cluster.Trial) row {
	if t.Err == nil {
		return row{word: wordOK, what: t.What, where: p.placed(), says: "admitted (dry run)"}
	}
	r := row{word: wordRefused, what: t.What, where: p.placed(), says: oneLine(t.Err), remedy: "those are the words of the API server or of its admission"}
	switch ns := p.access.Namespace; {
	case apierrors.IsNotFound(t.Err):
		r.remedy = fmt.Sprintf("kubectl create namespace %s; kubectl label namespace %s pod-security.kubernetes.io/enforce=privileged", ns, ns)
	case strings.Contains(r.says, "violates PodSecurity"):
		r.remedy = fmt.Sprintf("kubectl label --overwrite namespace %s pod-security.kubernetes.io/enforce=privileged; or run with --unprivileged", ns)
	}
	return r
}

// placed is the namespace of what is tried; a namespace is in none.
func (p *preflight) placed() string {
	if p.access.OwnNamespace {
		return ""
	}
	return p.access.Namespace
}
