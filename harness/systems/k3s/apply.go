package k3s

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/reprise-dr/reprise/harness"
)

// fieldManager is whom the API server names as the owner of what Apply sets.
const fieldManager = "reprise"

// Apply has a manifest, of any number of YAML documents, accepted by the API server: as `kubectl apply
// --server-side` would. What is there already is changed to what the manifest says. For up to a minute it
// is repeated, since a namespace has its service account only a moment after it was made; what the API
// server calls invalid is final. Apply does not wait for what the objects bring about: see [Cluster.WaitReady].
//
// k3s would also apply a file put into server/manifests of a server. It looks there every 15 s only, tells
// what is wrong with the file to its log alone, and several servers fight over a file that differs between
// them; but it applies the file again to a datastore that has been lost, which this does not.
func (c Cluster) Apply(ctx context.Context, operator harness.Operator, manifest []byte) error {
	objects, err := parseManifest(manifest)
	if err != nil {
		return err
	}
	var final error
	err = waitForApply.Until(ctx, func(ctx context.Context) error {
		err := c.onAny(ctx, operator, func(ctx context.Context, config *rest.Config, node string) error {
			return applyAll(ctx, operator, config, node, objects)
		})
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			final = err
			return nil
		}
		return err
	})
	return harness.JoinErrors(final, err)
}

// onAny does something with the kubeconfigs of the servers in turn, until it works on one.
func (c Cluster) onAny(
	ctx context.Context, observer harness.Observer, do func(ctx context.Context, config *rest.Config, node string) error,
) error {
	return c.inTurn(observer, func(node string) error {
		return limited(func(ctx context.Context) error {
			config, err := readKubeconfig(ctx, observer, node)
			if err != nil {
				return err
			}
			return do(ctx, config, node)
		})(ctx)
	})
}

// parseManifest splits a manifest into its objects.
func parseManifest(manifest []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), len(manifest)+1)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		switch {
		case errors.Is(err, io.EOF) && len(objects) == 0:
			return nil, errors.New("parse the manifest: there is nothing in it")
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, fmt.Errorf("parse the manifest: %w", err)
		case len(object.Object) == 0:
			continue // nothing but a comment
		case object.GetKind() == "" || object.GetName() == "":
			return nil, fmt.Errorf("parse the manifest: document %d has no kind or no name", len(objects)+1)
		}
		objects = append(objects, object)
	}
}

// applyAll applies the objects in their order.
func applyAll(
	ctx context.Context, observer harness.Observer, config *rest.Config, node string, objects []*unstructured.Unstructured,
) error {
	client, err := httpClient(config, observer, node)
	if err != nil {
		return err
	}
	client.Timeout = oneAsk // discovery takes no context
	discoverer, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return err
	}
	kinds, err := restmapper.GetAPIGroupResources(discoverer)
	if err != nil {
		return fmt.Errorf("learn what kinds of objects there are: %w", err)
	}
	mapper := restmapper.NewDiscoveryRESTMapper(kinds)
	objectsClient, err := dynamic.NewForConfigAndClient(config, client)
	if err != nil {
		return err
	}
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		var target dynamic.ResourceInterface = objectsClient.Resource(mapping.Resource)
		if mapping.Scope.Name() == "namespace" {
			target = objectsClient.Resource(mapping.Resource).Namespace(namespaceOf(object))
		}
		if _, err := target.Apply(ctx, object.GetName(), object, meta.ApplyOptions{
			FieldManager: fieldManager,
			Force:        true,
		}); err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// namespaceOf is where an object that says nothing belongs.
func namespaceOf(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return meta.NamespaceDefault
	}
	return object.GetNamespace()
}
