//go:build linux

package agentd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A packetChain is a list of rules, of nftables or of the legacy iptables.
type packetChain struct {
	name   string   // with its program and table: "nft ip filter input"
	about  string   // its hook and policy
	policy bool     // it does something without any rule: it drops
	rules  []string // in their order
}

// managed are the names that programs give to what they keep in the firewall themselves and put right
// at any time: the engine's name server, kube-proxy, pods' network. The agent's table is no part of the system either.
var managed = []string{isolationTable, "DOCKER_", "KUBE-", "CNI-", "FLANNEL-", "cni_", "kube-"}

func isManaged(text string) bool {
	return slices.ContainsFunc(managed, func(name string) bool { return strings.Contains(text, name) })
}

// firewallTraits lists the rules for packets of both kinds of programs.
func firewallTraits() ([]harness.Trait, error) {
	modern, err := nftablesChains()
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	old, err := iptablesChains()
	if err != nil {
		return nil, fmt.Errorf("iptables: %w", err)
	}
	return chainTraits(append(modern, old...)), nil
}

// chainTraits has a trait for each rule of a chain, with how often it is there, and one for the chain,
// with the order of its rules. A chain that lets everything through by having no rule is as good as none.
func chainTraits(chains []packetChain) []harness.Trait {
	var traits []harness.Trait
	for _, chain := range chains {
		if isManaged(chain.name) {
			continue
		}
		rules := slices.DeleteFunc(slices.Clone(chain.rules), isManaged)
		if len(rules) == 0 && !chain.policy {
			continue
		}
		counts := map[string]int{}
		for _, rule := range rules {
			counts[rule]++
		}
		for rule, count := range counts {
			traits = append(traits, harness.Trait{Kind: harness.KindFirewall, Key: chain.name + ": " + rule, Value: strconv.Itoa(count)})
		}
		sum := sha256.Sum256([]byte(strings.Join(rules, "\n")))
		traits = append(traits, harness.Trait{
			Kind: harness.KindFirewall, Key: chain.name,
			Value: fmt.Sprintf("%s, %d rules sha256:%s", chain.about, len(rules), hex.EncodeToString(sum[:4])),
		})
	}
	return traits
}
