package garage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Key is one of S3.
type Key struct {
	ID     string         // "GK" and 24 hexadecimal digits
	Secret harness.Secret // of 64 hexadecimal digits; named alone: the topology's of that name
}

// The waits of a new store. They are bounded by the context of who waits for them.
var (
	// A node that came up before its peers tries again after a minute.
	waitForPeers = harness.Wait{For: "the nodes of Garage to find each other", Interval: 500 * time.Millisecond}
	waitForWhole = harness.Wait{For: "Garage to have taken its layout", Interval: 500 * time.Millisecond}
)

// Form makes a store of nodes that were started for the first time: it waits until they have found each other, gives each of them
// the same share of the objects, in a zone of its own, and imports a key that may make buckets. S3 answers from then on.
func (s Store) Form(ctx context.Context, operator harness.Operator, key Key) error {
	if err := waitForPeers.Until(ctx, func(ctx context.Context) error { return s.every(ctx, operator, connected) }); err != nil {
		return err
	}
	nodes, err := members(operator)
	if err != nil {
		return err
	}
	secret, err := key.Secret.In(operator.Topology())
	if err != nil {
		return err
	}
	first := nodes[0].Name
	commands := make([][]string, 0, len(nodes)+3)
	for _, node := range nodes {
		identity, err := identityOf(ctx, operator, node.Name)
		if err != nil {
			return err
		}
		id, _, _ := strings.Cut(identity, "@")
		commands = append(commands, []string{"layout", "assign", "-z", node.Name, "-c", "1GB", id})
	}
	commands = append(commands,
		[]string{"layout", "apply", "--version", "1"},
		[]string{"key", "import", "--yes", "-n", "reprise", key.ID, secret},
		[]string{"key", "allow", "--create-bucket", key.ID})
	for _, arguments := range commands {
		if _, err := operator.Exec(ctx, first, append([]string{program}, arguments...)...); err != nil {
			return fmt.Errorf("form the store: %w", err)
		}
	}
	return waitForWhole.Until(ctx, func(ctx context.Context) error { return s.whole(ctx, operator) })
}

// identityOf is a node's public key and the address in its configuration, such as 563e...@[fc00:1::1]:3901.
func identityOf(ctx context.Context, operator harness.Operator, node string) (string, error) {
	output, err := operator.Exec(ctx, node, program, "node", "id", "-q")
	if err != nil {
		return "", fmt.Errorf("ask for the identity of %s: %w", node, err)
	}
	identity := strings.TrimSpace(string(output))
	if id, at, found := strings.Cut(identity, "@"); !found || len(id) != identityLength || len(strings.Fields(at)) != 1 {
		return "", fmt.Errorf("ask for the identity of %s: %q is not a key and an address", node, identity)
	}
	return identity, nil
}

// identityLength is how many hexadecimal digits a public key has.
const identityLength = 64
