package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Goal: who takes the command into a module does not compile the clients of products for it: those are for whoever drills with
// them. Method: the packages that the go command would compile.
func TestCommandHasNoProductsClients(t *testing.T) {
	listed, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(listed)) {
		for _, client := range []string{"github.com/hashicorp/nomad/", "github.com/hashicorp/consul/", "k8s.io/"} {
			if strings.HasPrefix(name, client) {
				t.Errorf("the command needs %s", name)
			}
		}
	}
}
