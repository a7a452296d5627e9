package k3s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/reprise-dr/reprise/harness"
)

// kubeconfigFile is where a server writes what its administrator needs: the address, the authority and a
// client certificate.
const kubeconfigFile = "/etc/rancher/k3s/k3s.yaml"

// Client makes a client of the API server on one node, with the administrator's rights. Nothing is sent yet.
// Every request opens a connection of its own, which starts on that node, and closes it.
func Client(ctx context.Context, observer harness.Observer, node string) (*kubernetes.Clientset, error) {
	config, err := readKubeconfig(ctx, observer, node)
	if err != nil {
		return nil, err
	}
	return clientset(config, observer, node)
}

// readKubeconfig reads and parses the server's own kubeconfig.
func readKubeconfig(ctx context.Context, observer harness.Observer, node string) (*rest.Config, error) {
	text, err := observer.ReadFile(ctx, node, kubeconfigFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: k3s has not come up yet", kubeconfigFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kubeconfigFile, err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", kubeconfigFile, err)
	}
	config.QPS = -1 // the probe's period is the limit
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "reprise"
	return config, nil
}

// clientset makes a client out of a kubeconfig, which it does not change.
func clientset(config *rest.Config, observer harness.Observer, node string) (*kubernetes.Clientset, error) {
	client, err := httpClient(config, observer, node)
	if err != nil {
		return nil, err
	}
	typed, err := kubernetes.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("make a client of the API on %s: %w", node, err)
	}
	return typed, nil
}

// httpClient speaks TLS as the kubeconfig says, over connections from the node. client-go's own transports
// are of no use here: they are kept in a cache that is never emptied, together with their connections.
func httpClient(config *rest.Config, observer harness.Observer, node string) (*http.Client, error) {
	settings, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, fmt.Errorf("use the certificates in %s of %s: %w", kubeconfigFile, node, err)
	}
	transport, err := rest.HTTPWrappersForConfig(config, harness.HTTPSClient(observer, node, settings).Transport)
	if err != nil {
		return nil, fmt.Errorf("make a client of the API on %s: %w", node, err)
	}
	return &http.Client{Transport: transport}, nil
}

// A keyring keeps the kubeconfigs of servers, so that a probe does not read and parse one twice a second.
// Connections are not kept.
type keyring struct {
	mutex sync.Mutex
	kept  map[string]*rest.Config
}

// config is the kubeconfig of a server.
func (k *keyring) config(ctx context.Context, observer harness.Observer, node string) (*rest.Config, error) {
	k.mutex.Lock()
	config := k.kept[node]
	k.mutex.Unlock()
	if config != nil {
		return config, nil
	}
	config, err := readKubeconfig(ctx, observer, node)
	if err != nil {
		return nil, err
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.kept == nil {
		k.kept = map[string]*rest.Config{}
	}
	k.kept[node] = config
	return config, nil
}

// forget has the kubeconfig of a server read again.
func (k *keyring) forget(node string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	delete(k.kept, node)
}

// ask puts a question to the API server on one node. When the certificates in the kubeconfig turn out to be
// of the server's former life, it is read again and the question repeated.
func (k *keyring) ask(
	ctx context.Context, observer harness.Observer, node string, question func(context.Context, *kubernetes.Clientset) error,
) error {
	err := k.askOnce(ctx, observer, node, question)
	if wrongKey(err) {
		k.forget(node)
		err = k.askOnce(ctx, observer, node, question)
	}
	return harness.Plain(err)
}

func (k *keyring) askOnce(
	ctx context.Context, observer harness.Observer, node string, question func(context.Context, *kubernetes.Clientset) error,
) error {
	config, err := k.config(ctx, observer, node)
	if err != nil {
		return err
	}
	client, err := clientset(config, observer, node)
	if err != nil {
		return err
	}
	return question(ctx, client)
}

// wrongKey tells whether server and client do not accept each other's certificates.
func wrongKey(err error) bool {
	if err == nil {
		return false
	}
	if apierrors.IsUnauthorized(err) {
		return true
	}
	if _, distrusted := errors.AsType[*tls.CertificateVerificationError](err); distrusted {
		return true
	}
	_, refused := errors.AsType[tls.AlertError](err)
	return refused
}
