package survival

import (
	"embed"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing/fstest"

	"github.com/reprise-dr/reprise/harness"
)

// The nodes.
const (
	storeNode = "store" // whose process is killed
	spareNode = "spare" // has a disk, so that volumes and loop devices could be left behind
)

// port is where the store listens.
const port = 8080

// A prefix of each family, which no other topology has.
var (
	ipv6 = netip.MustParsePrefix("fd00:5e::/64")
	ipv4 = netip.MustParsePrefix("10.201.94.0/24")
)

var (
	storeIPv6 = netip.MustParseAddr("fd00:5e::10")
	storeIPv4 = netip.MustParseAddr("10.201.94.10")
	spareIPv6 = netip.MustParseAddr("fd00:5e::20")
	spareIPv4 = netip.MustParseAddr("10.201.94.20")
)

// topology is the store, and beside it a node with a disk.
func topology(content string) harness.Topology {
	system := harness.System{Image: image(content), Command: []string{"/store"}}
	carrier := system
	carrier.Capabilities = harness.Capabilities{"SYS_ADMIN": "it takes disks"}
	return harness.Topology{
		Name:     "survival",
		Networks: []harness.Network{{Name: "lan", IPv6: ipv6, IPv4: ipv4}},
		Nodes: []harness.Node{
			{Name: storeNode, Role: storeNode, IPv6: storeIPv6, IPv4: storeIPv4, System: system},
			{Name: spareNode, Role: spareNode, IPv6: spareIPv6, IPv4: spareIPv4, System: carrier},
		},
		Disks: []harness.Disk{{Name: "data", Size: harness.MinimumDisk, Node: spareNode}},
	}
}

//go:embed image
var recipe embed.FS

// image is the store's, built from scratch. Its content makes it another image than that of any other content.
func image(content string) harness.Image {
	files, err := fs.Sub(recipe, "image")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return harness.Image{
		Name: ImageName, Version: "1",
		Recipe: harness.Recipe{
			Files:    files,
			Binaries: []harness.GoBinary{{Name: "store", Package: ".", Module: module(files, content), LinkerFlags: "-s -w"}},
		},
	}
}

// functions is how many the compiler gets to do that nobody needs: some seconds of work.
const functions = 2000

// module is the store's, with a file more that holds the content and takes the compiler some seconds.
func module(files fs.FS, content string) fs.FS {
	all := fstest.MapFS{}
	for _, name := range []string{"main.go.txt", "recipe.mod", "recipe.sum"} {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err) // it is embedded above
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "package main\n\nfunc filler() string { return fillers[len(%q)%%len(fillers)](\"x\") }\n\nvar fillers = "+
		"[]func(string) string{", content)
	for i := range functions {
		fmt.Fprintf(&text, "filler%d, ", i)
	}
	text.WriteString("}\n")
	for i := range functions {
		fmt.Fprintf(&text, "\nfunc filler%d(s string) string {\n\tfor i := range s {\n\t\tif s[i] == byte(%d) {\n\t\t\treturn "+
			"s[i:] + %q\n\t\t}\n\t}\n\treturn s\n}\n", i, i%256, content)
	}
	all["filler.go.txt"] = &fstest.MapFile{Data: []byte(text.String())}
	return all
}
