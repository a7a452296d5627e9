package nomad

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsimple"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// rpcPort is where Nomad servers talk Raft.
const rpcPort = 4647

// defaultRaftProtocol is what servers speak that are not told otherwise, from Nomad 1.3 on.
const defaultRaftProtocol = 3

// PeersJSON is the documented recovery of servers that lost their quorum: stop every agent, write
// the new addresses into the configuration, put raft/peers.json on every server, start, and verify
// that the file was taken. Tasks go on meanwhile.
//
// Its options, all for breaking it on purpose or for open questions, are fields:
//
//	drill.Repair(ctx, nomad.PeersRecovery{Protocol: 2}) // the format of the other generation
func PeersJSON() PeersRecovery { return PeersRecovery{} }

// PeersRecovery is the procedure of [PeersJSON] with its options; the zero value does it right.
type PeersRecovery struct {
	// Protocol is the Raft protocol whose file format is written: 2 (a list of addresses) or 3 (a
	// list of objects). 0 means the one in each server's configuration.
	Protocol int
	// Address makes the text that names a server in peers.json; nil means PresentRaftAddress.
	Address func(observer harness.Observer, node harness.Node) (string, error)
	// Names gives nodes a new agent name while they are down: node -> new name.
	Names map[string]string
	// Servers are the nodes that get the file; empty means every server.
	Servers []string
	// RemovePeersInfo also deletes peers.info; Nomad then drops peers.json
	// without a word of error.
	RemovePeersInfo bool
}

// PresentRaftAddress is where a server talks Raft now, in the form peers.json wants: "[fd00::1]:4647".
func PresentRaftAddress(observer harness.Observer, node harness.Node) (string, error) {
	now, err := observer.Addresses(node.Name)
	if err != nil {
		return "", fmt.Errorf("look up the addresses of %s: %w", node.Name, err)
	}
	return netip.AddrPortFrom(now.IPv6, rpcPort).String(), nil
}

// PeaceRaftAddress is where a server talked Raft in peace time: the mistake of copying the old file.
func PeaceRaftAddress(_ harness.Observer, node harness.Node) (string, error) {
	return netip.AddrPortFrom(node.IPv6, rpcPort).String(), nil
}

// UnbracketedRaftAddress is the present address written without brackets, which Nomad takes and
// then cannot dial.
func UnbracketedRaftAddress(observer harness.Observer, node harness.Node) (string, error) {
	bracketed, err := PresentRaftAddress(observer, node)
	return strings.NewReplacer("[", "", "]", "").Replace(bracketed), err
}

// Name names the procedure in reports, with the options that are not the default.
func (p PeersRecovery) Name() string {
	name := "nomad: peers.json"
	if p.Protocol != 0 {
		name += fmt.Sprintf(" in the format of Raft protocol %d", p.Protocol)
	}
	if p.Address != nil {
		name += " with other addresses"
	}
	if len(p.Names) > 0 {
		name += " and new names"
	}
	if len(p.Servers) > 0 {
		name += " on " + strings.Join(p.Servers, ", ") + " only"
	}
	if p.RemovePeersInfo {
		name += " without peers.info"
	}
	return name
}

// Steps are its steps.
func (p PeersRecovery) Steps() []harness.Step {
	all := Agents()
	outcome := &ingestion{informed: map[string][]byte{}}
	return []harness.Step{
		all.Stop(),
		all.Readdress(p.Names),
		{Name: "write peers.json", Do: func(ctx context.Context, operator harness.Operator) error {
			return p.write(ctx, operator, outcome)
		}},
		all.Start(),
		all.AwaitAnswers(),
		{Name: "verify that peers.json was taken", Do: func(ctx context.Context, operator harness.Operator) error {
			return outcome.verify(ctx, operator)
		}},
	}
}

// receivers are the servers that get the file.
func (p PeersRecovery) receivers(all []harness.Node) ([]harness.Node, error) {
	if len(p.Servers) == 0 {
		return all, nil
	}
	var chosen []harness.Node
	for _, node := range all {
		if slices.Contains(p.Servers, node.Name) {
			chosen = append(chosen, node)
		}
	}
	if len(chosen) != len(p.Servers) {
		return nil, fmt.Errorf("not all of %s are Nomad servers", strings.Join(p.Servers, ", "))
	}
	return chosen, nil
}

// write puts the file on the servers and remembers what verify has to compare.
func (p PeersRecovery) write(ctx context.Context, operator harness.Operator, outcome *ingestion) error {
	all, err := servers(operator)
	if err != nil {
		return err
	}
	receivers, err := p.receivers(all)
	if err != nil {
		return err
	}
	protocol, peers, err := p.peers(ctx, operator, all)
	if err != nil {
		return err
	}
	text, err := peersFile(protocol, peers)
	if err != nil {
		return err
	}
	for _, node := range receivers {
		folder, err := raftFolder(ctx, operator, node.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", node.Name, err)
		}
		if p.RemovePeersInfo {
			if err := operator.RemoveFile(ctx, node.Name, path.Join(folder, "peers.info")); err != nil {
				return fmt.Errorf("%s: remove peers.info: %w", node.Name, err)
			}
		}
		info, err := operator.ReadFile(ctx, node.Name, path.Join(folder, "peers.info"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: read peers.info: %w", node.Name, err)
		}
		outcome.informed[node.Name] = info
		// Nomad runs as root here, and must be able to delete it.
		file := harness.File{Path: path.Join(folder, "peers.json"), Mode: 0o600, Data: text}
		if err := operator.WriteFile(ctx, node.Name, file); err != nil {
			return fmt.Errorf("%s: write peers.json: %w", node.Name, err)
		}
	}
	return nil
}

// A peer is one entry of peers.json.
type peer struct {
	ID       string `json:"id"`
	Address  string `json:"address"`
	NonVoter bool   `json:"non_voter"`
}

// peers collects the entries of all servers and the Raft protocol that decides their format.
func (p PeersRecovery) peers(ctx context.Context, operator harness.Operator, all []harness.Node) (int, []peer, error) {
	address := p.Address
	if address == nil {
		address = PresentRaftAddress
	}
	protocol := p.Protocol
	var peers []peer
	for _, node := range all {
		configuration, err := readConfiguration(ctx, operator, node.Name)
		if err != nil {
			return 0, nil, fmt.Errorf("%s: %w", node.Name, err)
		}
		if protocol == 0 {
			protocol = configuration.raftProtocol()
		}
		// The id in the agent's banner is another one, and random at each start.
		id, err := operator.ReadFile(ctx, node.Name, path.Join(configuration.DataDir, "server/node-id"))
		if err != nil {
			return 0, nil, fmt.Errorf("%s: read the server's id: %w", node.Name, err)
		}
		at, err := address(operator, node)
		if err != nil {
			return 0, nil, err
		}
		peers = append(peers, peer{ID: strings.TrimSpace(string(id)), Address: at})
	}
	return protocol, peers, nil
}

// peersFile writes the entries in the format of the Raft protocol.
func peersFile(protocol int, peers []peer) ([]byte, error) {
	switch protocol {
	case 3:
		return json.MarshalIndent(peers, "", "  ")
	case 2:
		addresses := make([]string, len(peers))
		for i, peer := range peers {
			addresses[i] = peer.Address
		}
		return json.MarshalIndent(addresses, "", "  ")
	}
	return nil, fmt.Errorf("no peers.json format is known for Raft protocol %d", protocol)
}

// configuration is the part of a server's configuration that the recovery depends on.
type configuration struct {
	DataDir string       `hcl:"data_dir"`
	Server  *serverBlock `hcl:"server,block"`
	Rest    hcl.Body     `hcl:",remain"`
}

type serverBlock struct {
	RaftProtocol int      `hcl:"raft_protocol,optional"`
	Rest         hcl.Body `hcl:",remain"`
}

func (c configuration) raftProtocol() int {
	if c.Server == nil || c.Server.RaftProtocol == 0 {
		return defaultRaftProtocol
	}
	return c.Server.RaftProtocol
}

// readConfiguration reads a node's configuration as it is now.
func readConfiguration(ctx context.Context, observer harness.Observer, node string) (configuration, error) {
	documented, _ := observer.Topology().Node(node)
	for _, file := range documented.System.Files {
		if path.Dir(file.Path) != configurationFolder {
			continue
		}
		text, err := observer.ReadFile(ctx, node, file.Path)
		if err != nil {
			return configuration{}, fmt.Errorf("read %s: %w", file.Path, err)
		}
		var parsed configuration
		if err := hclsimple.Decode(file.Path, text, nil, &parsed); err != nil {
			return configuration{}, fmt.Errorf("parse %s: %w", file.Path, err)
		}
		return parsed, nil
	}
	return configuration{}, fmt.Errorf("no configuration file in %s", configurationFolder)
}

// raftFolder is where a server keeps its Raft state.
func raftFolder(ctx context.Context, observer harness.Observer, node string) (string, error) {
	configuration, err := readConfiguration(ctx, observer, node)
	return path.Join(configuration.DataDir, "server/raft"), err
}

// An ingestion remembers what peers.info held on each server that was given a peers.json.
type ingestion struct{ informed map[string][]byte }

// verify proves that every server took the file: it is gone, the log says why, and peers.info is
// what it was. An agent that answers has been through all that.
func (i *ingestion) verify(ctx context.Context, operator harness.Operator) error {
	all, err := servers(operator)
	if err != nil {
		return err
	}
	return runbook.OnEach(ctx, all, func(ctx context.Context, node harness.Node) error {
		before, given := i.informed[node.Name]
		if !given {
			return nil
		}
		folder, err := raftFolder(ctx, operator, node.Name)
		if err != nil {
			return err
		}
		if _, err := operator.ReadFile(ctx, node.Name, path.Join(folder, "peers.json")); err == nil {
			return errors.New("peers.json is still there: the agent did not take it")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for peers.json: %w", err)
		}
		if err := logged(ctx, operator, node.Name, LogPeersFound, LogPeersDeleted); err != nil {
			return err
		}
		after, err := operator.ReadFile(ctx, node.Name, path.Join(folder, "peers.info"))
		if err != nil {
			return fmt.Errorf("read peers.info: %w", err)
		}
		if string(after) != string(before) {
			return errors.New("peers.info is not what it was")
		}
		return nil
	})
}

// logged proves that the agent has printed all of the texts since its last start.
func logged(ctx context.Context, observer harness.Observer, node string, texts ...string) error {
	status, err := observer.Status(ctx, node)
	if err != nil {
		return fmt.Errorf("look up the agent's start: %w", err)
	}
	for _, text := range texts {
		lines, err := runbook.LogLines(ctx, observer, node, status.Started.Add(-harness.LogDelay), text)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fmt.Errorf("the log does not say %q", text)
		}
	}
	return nil
}
