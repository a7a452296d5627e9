package k3s

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

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
	transport, err := rest.HTTPWrappersForConfig(config, freshConnections{observer, node, settings})
	if err != nil {
		return nil, fmt.Errorf("make a client of the API on %s: %w", node, err)
	}
	return &http.Client{Transport: transport}, nil
}

// freshConnections is harness.HTTPClient with TLS: every request has a connection of its own, since a kept
// one would outlive the fault it is meant to see.
type freshConnections struct {
	observer harness.Observer
	node     string
	settings *tls.Config
}

func (f freshConnections) RoundTrip(request *http.Request) (*http.Response, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		// The context that a transport dials with outlives the request; see harness.HTTPClient.
		DialTLSContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return f.dial(request.Context(), network, address)
		},
	}
	response, err := transport.RoundTrip(request)
	// The closing alert of TLS reaches the server before its connection is closed: what it answers to that comes
	// after the request's end, and is no answer to the request.
	if ended := request.Context().Err(); err == nil && ended != nil {
		_ = response.Body.Close()
		return nil, ended
	}
	return response, err
}

// dial connects and shakes hands within the request's time.
func (f freshConnections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	connection, err := f.observer.Dial(ctx, f.node, network, address)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.settings != nil {
		settings = f.settings.Clone()
	}
	if settings.ServerName == "" {
		settings.ServerName = host
	}
	secured := tls.Client(connection, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return secured, nil
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

// shareOf is a context with one part in n of the time that ctx has left.
func shareOf(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithTimeout(ctx, oneAsk)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(n))
}
