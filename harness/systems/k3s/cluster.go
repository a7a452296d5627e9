package k3s

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// Roles of the nodes that run k3s.
const (
	ServerRole = role.K3sServer
	AgentRole  = role.K3sAgent
)

// A Cluster is where to ask and whom to order about; the zero value is that of all nodes with the role
// [ServerRole].
type Cluster struct {
	// Servers are the nodes whose API servers are asked, in turn: the next one when one does not answer in
	// its share of the time, as with a load balancer in front of them. Empty means those of the role.
	Servers []string
}

// servers are the nodes of the servers; having none is an error.
func (c Cluster) servers(observer harness.Observer) ([]harness.Node, error) {
	if len(c.Servers) == 0 {
		nodes := observer.Topology().Selected(ServerRole)
		if len(nodes) == 0 {
			return nil, errors.New("the topology has no node of role " + ServerRole)
		}
		return nodes, nil
	}
	nodes := make([]harness.Node, len(c.Servers))
	for i, name := range c.Servers {
		node, known := observer.Topology().Node(name)
		if !known {
			return nil, observer.Topology().UnknownNode(name)
		}
		nodes[i] = node
	}
	return nodes, nil
}

// ask puts a question to the servers in turn; see [probe.InTurn]. Without a time limit each has that of one question. That
// something does not exist is an answer: the others would only say the same.
func (c Cluster) ask(
	ctx context.Context, observer harness.Observer, keys *keyring, question func(context.Context, *kubernetes.Clientset) error,
) error {
	nodes, err := c.servers(observer)
	if err != nil {
		return err
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(len(nodes))*oneAsk)
		defer cancel()
	}
	var missing error
	err = probe.InTurn(ctx, nodes, func(ctx context.Context, node harness.Node) error {
		err := keys.ask(ctx, observer, node.Name, question)
		if apierrors.IsNotFound(err) {
			missing, err = err, nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return missing
}

// inTurn does something by way of the servers, one after the other, until it works with one.
func (c Cluster) inTurn(observer harness.Observer, do func(node string) error) error {
	nodes, err := c.servers(observer)
	if err != nil {
		return err
	}
	var errs []error
	for _, node := range nodes {
		err := do(node.Name)
		if err == nil {
			return nil
		}
		errs = append(errs, onNode(node.Name, harness.Plain(err)))
	}
	return harness.JoinErrors(errs...)
}

// claim makes a probe, which keeps the servers' kubeconfigs from one question to the next. Its check returns what it saw
// instead of what is claimed apart from what kept it from seeing anything: only then is another server asked.
func (c Cluster) claim(
	name string, check func(ctx context.Context, observer harness.Observer, client *kubernetes.Clientset) (seen, err error),
) harness.Probe {
	keys := new(keyring)
	return probe.Func{Label: name, Every: claimPeriod, Ask: func(ctx context.Context, observer harness.Observer) error {
		var seen error
		err := c.ask(ctx, observer, keys, func(ctx context.Context, client *kubernetes.Clientset) (err error) {
			seen, err = check(ctx, observer, client)
			return err
		})
		if err != nil {
			return err
		}
		return seen
	}}
}
