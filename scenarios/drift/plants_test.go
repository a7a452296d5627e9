package drift

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/lab"
)

// A planted is one difference: how it is made, and all that may show of it. The first trait must show.
type planted struct {
	name   string
	script string
	shows  []trait
}

type trait struct {
	kind harness.Kind
	key  string
}

// plants are differences of every kind that the audit knows, most of them as they come about: by a hand
// that was in a hurry.
var plants = []planted{
	{"a package that is removed", "dpkg --no-triggers --force-depends --remove iputils-arping", []trait{
		{harness.KindPackage, "iputils-arping:*"},
		{harness.KindPackage, "runit:*"}, // which has a trigger pending then: it looks for services of new packages
	}},
	{"a file that is changed", "echo 'listen = 9090' > /etc/app.conf", []trait{{harness.KindFile, "/etc/app.conf"}}},
	{
		"a file of the same length that is changed", "sed -i s/info/warn/ /etc/app-log.conf",
		[]trait{{harness.KindFile, "/etc/app-log.conf"}},
	},
	{"a mode that is changed", "chmod 644 /etc/app.key", []trait{{harness.KindFile, "/etc/app.key"}}},
	{"an owner that is changed", "chown root:root /srv/data/state", []trait{{harness.KindFile, "/srv/data/state"}}},
	{
		"a link that leads elsewhere", "ln -sf /etc/app-log.conf /usr/local/lib/app/config",
		[]trait{{harness.KindFile, "/usr/local/lib/app/config"}},
	},
	{"a file that nobody knows of", "echo 'key = 1' > /usr/local/lib/app/override", []trait{
		{harness.KindFile, "/usr/local/lib/app/override"},
	}},
	{"a file that is gone", "rm /etc/app.obsolete", []trait{{harness.KindFile, "/etc/app.obsolete"}}},
	{"a folder that nobody knows of", "mkdir /etc/app.d", []trait{{harness.KindFile, "/etc/app.d"}}},
	{"a user that is added", "useradd -r -g app helper", []trait{{harness.KindUser, "helper"}}},
	{"a user who gets a password", "echo app:secret | chpasswd", []trait{{harness.KindUser, "app"}}},
	{"a group that gets a member", "gpasswd -a app operators", []trait{{harness.KindGroup, "operators"}}},
	{"a process that is gone", "sv down /etc/service/cron", []trait{{harness.KindProcess, "root cron -f"}}},
	{"a process that nobody knows of", "setsid tail -f /etc/app.key > /dev/null 2>&1 < /dev/null &", []trait{
		{harness.KindProcess, "root tail -f /etc/app.key"},
	}},
	{"a service that is enabled", `mkdir -p /etc/sv/extra && printf '#!/bin/sh\nexec tail -f /etc/app.conf\n' > ` +
		`/etc/sv/extra/run && chmod +x /etc/sv/extra/run && ln -s /etc/sv/extra /etc/service/extra`, []trait{
		{harness.KindService, "runit extra"},
		{harness.KindProcess, "root runsv extra"},
		{harness.KindProcess, "root tail -f /etc/app.conf"},
		{harness.KindFile, "/etc/sv/extra**"},
		{harness.KindFile, "/etc/runit/runsvdir/default/extra"},
	}},
	{"a service that is disabled", "rm /etc/service/helper", []trait{
		{harness.KindService, "runit helper"},
		{harness.KindProcess, "root runsv helper"},
		{harness.KindProcess, "root tail -F /srv/data/state"},
		{harness.KindFile, "/etc/runit/runsvdir/default/helper"},
	}},
	{"a line of a cron table", "echo '0 3 * * * root true' >> /etc/cron.d/app", []trait{
		{harness.KindCron, `/etc/cron.d/app: 0 3 **`}, {harness.KindFile, "/etc/cron.d/app"},
	}},
	{"a program that listens", "setsid python3 -m http.server 8088 > /dev/null 2>&1 < /dev/null &", []trait{
		{harness.KindSocket, "tcp 0.0.0.0:8088"}, {harness.KindProcess, "root python3 -m http.server 8088"},
	}},
	{"a rule of nftables", "nft add rule inet app input tcp dport 9999 counter drop", []trait{
		{harness.KindFirewall, "nft inet app input: **"}, {harness.KindFirewall, "nft inet app input"},
	}},
	{
		"a rule of iptables", "iptables -A INPUT -p tcp --dport 9998 -j DROP",
		[]trait{{harness.KindFirewall, "nft ip filter INPUT**"}},
	},
	{"a mount that is gone", "umount /mnt/cache", []trait{{harness.KindMount, "/mnt/cache"}}},
	{"a mount that nobody knows of", "mount -t tmpfs -o size=64k other /opt", []trait{
		{harness.KindMount, "/opt"},
	}},
	{"a setting of the kernel", "sysctl -q -w net.ipv4.conf.all.accept_redirects=1", []trait{
		{harness.KindSetting, "net.ipv4.conf.all.accept_redirects"},
	}},
	{"an address that is added", "ip address add 10.201.8.101/32 dev lo", []trait{{harness.KindAddress, "lo 10.201.8.101/32"}}},
	{"a route that is gone", "ip route del 10.99.0.0/24", []trait{{harness.KindRoute, "10.99.0.0/24 **"}}},
	{
		"a rule of which table to look into", "ip rule add from 10.99.0.0/24 table 100",
		[]trait{{harness.KindRoute, "ipv4 ip rule **"}},
	},
	{"another resolver", "printf 'nameserver 10.201.8.14\n' > /etc/resolv.conf", []trait{{harness.KindResolver, "nameserver"}}},
}

// old iptables have a table of their own, where the kernel still knows them.
var oldRule = planted{"a rule of the iptables of old", "iptables-legacy -A OUTPUT -p udp --dport 9997 -j DROP", []trait{
	{harness.KindFirewall, "iptables filter OUTPUT: **"}, {harness.KindFirewall, "iptables filter OUTPUT"},
}}

// plant makes every difference, and plans all that may show of it. The first plan of each must be found.
func plant(ctx context.Context, cluster *lab.Lab, node string) []drift.Planned {
	GinkgoHelper()
	all := plants
	if _, err := cluster.Exec(ctx, node, "iptables-legacy", "-S"); err == nil {
		all = append(slices.Clip(all), oldRule)
	} else {
		GinkgoWriter.Printf("no rule of the iptables of old is planted: the kernel has none of them (%v)\n", err)
	}
	var planned []drift.Planned
	for _, one := range all {
		By("planting " + one.name)
		run(ctx, cluster, node, one.script)
		for _, shown := range one.shows {
			planned = append(planned, drift.Planned{Kind: shown.kind, Key: shown.key, Because: one.name})
		}
	}
	Expect(planned).NotTo(BeEmpty())
	return planned
}
