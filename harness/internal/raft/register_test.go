package raft

import (
	"errors"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: every client goes by way of its own server and no other. Method: three servers of which the second cannot be
// dialled; writes by more clients than there are servers.
func TestRegisterClientsKeepToTheirServers(t *testing.T) {
	observer, nodes := cluster(t, fine, fine, fine)
	register := &Register[RegisterClient]{
		Product: "nomad", Prefix: "drill/x", Number: 4, Every: time.Second,
		API: API[RegisterClient]{
			Servers: func(harness.Observer) ([]harness.Node, error) { return nodes, nil },
			Client: NewClients(func(_ harness.Observer, node string) (RegisterClient, error) {
				if node == "b" {
					return nil, errors.New("it is down")
				}
				return &shelf{values: map[string]string{}}, nil
			}).Of,
			Answer: readStatus,
		},
		Client: func(client RegisterClient) RegisterClient { return client },
	}
	if register.Name() != "nomad register drill/x" || register.Clients() != 4 || register.Interval() != time.Second {
		t.Errorf("it is %q with %d clients, every %v", register.Name(), register.Clients(), register.Interval())
	}
	for client := range register.Clients() {
		operation := harness.Operation{Client: client, Key: 1, Kind: harness.OperationWrite, Value: client + 1}
		if _, err := register.Do(t.Context(), observer, operation); (err != nil) != (client%3 == 1) {
			t.Errorf("client %d: %v", client, err)
		}
	}
}
