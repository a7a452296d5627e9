package consul

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// KVTexts are the values of Consul's key-value store by their keys, for a search for old addresses
// ([drill.Drill.AlsoSearch]). The leader confirms what is read.
func KVTexts() drift.MentionSource { return texts{"consul kv", keysAndValues} }

// CatalogTexts are the nodes and services of Consul's catalog with their addresses, which is also what
// its DNS answers. Keys are "node consul-1" and "service canary on client-1". The leader confirms what is read.
func CatalogTexts() drift.MentionSource { return texts{"consul catalog", catalog} }

type texts struct {
	name string
	read func(ctx context.Context, client *api.Client) (map[string]string, error)
}

func (t texts) Name() string { return t.name }

func (t texts) Texts(ctx context.Context, observer harness.Observer) (map[string]string, error) {
	var found map[string]string
	err := raft.API[*api.Client]{Servers: servers, Client: dial}.Read(observer, func(client *api.Client) (err error) {
		found, err = t.read(ctx, client)
		return err
	})
	return found, err
}

func keysAndValues(ctx context.Context, client *api.Client) (map[string]string, error) {
	pairs, _, err := client.KV().List("", consistent(ctx))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, pair := range pairs {
		found[pair.Key] = string(pair.Value)
	}
	return found, nil
}

func catalog(ctx context.Context, client *api.Client) (map[string]string, error) {
	found := map[string]string{}
	nodes, _, err := client.Catalog().Nodes(consistent(ctx))
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		found["node "+node.Node] = addressLines(node.Address, node.TaggedAddresses)
	}
	names, _, err := client.Catalog().Services(consistent(ctx))
	if err != nil {
		return nil, err
	}
	for name := range names {
		services, _, err := client.Catalog().Service(name, "", consistent(ctx))
		if err != nil {
			return nil, err
		}
		for _, service := range services {
			tagged := map[string]string{}
			for tag, address := range service.ServiceTaggedAddresses {
				tagged[tag] = address.Address
			}
			found["service "+name+" on "+service.Node] += addressLines(service.ServiceAddress, tagged)
		}
	}
	return found, nil
}

// addressLines are addresses as a person would read them, one in a line.
func addressLines(address string, tagged map[string]string) string {
	var text strings.Builder
	if address != "" {
		fmt.Fprintf(&text, "address %s\n", address)
	}
	for tag, other := range tagged {
		if other != address {
			fmt.Fprintf(&text, "%s %s\n", tag, other)
		}
	}
	return text.String()
}
