package drift

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// dataFolder is looked at besides what always is.
const dataFolder = "/srv/data"

// playbook makes a machine what it is meant to be. It stands for a real one: something of every kind
// that the audit knows. The kernel's settings can be read only in a container until they are mounted anew.
const playbook = `
mount -o remount,rw,bind /proc/sys
mkdir -p /srv/data /usr/local/lib/app
echo 'listen = 8080' > /etc/app.conf
echo 'level = info' > /etc/app-log.conf
echo secret > /etc/app.key && chmod 600 /etc/app.key
echo data > /srv/data/state
ln -sf /etc/app.conf /usr/local/lib/app/config
echo 'not needed' > /etc/app.obsolete
groupadd -r app && useradd -r -g app -d /srv/data -s /usr/sbin/nologin app
groupadd operators
chown app:app /srv/data/state
echo '*/5 * * * * root true' > /etc/cron.d/app
mkdir -p /etc/sv/app
printf '#!/bin/sh\nexec tail -f /dev/null\n' > /etc/sv/app/run && chmod +x /etc/sv/app/run
ln -s /etc/sv/app /etc/service/app
mkdir -p /etc/sv/helper
printf '#!/bin/sh\nexec tail -F /srv/data/state\n' > /etc/sv/helper/run && chmod +x /etc/sv/helper/run
ln -s /etc/sv/helper /etc/service/helper
mkdir -p /mnt/cache && mount -t tmpfs -o size=64k cache /mnt/cache
nft add table inet app
nft add chain inet app input '{ type filter hook input priority 0; policy accept; }'
nft add rule inet app input tcp dport 8080 counter accept
ip address add 10.201.8.100/32 dev lo
ip route add 10.99.0.0/24 via 10.201.8.254
sysctl -q -w net.ipv4.ip_forward=1
printf 'nameserver 10.201.8.13\n' > /etc/resolv.conf
`

// services are what runs on a machine after the playbook.
var services = []string{"runsv app", "runsv helper", "runsv cron", "runsv sshd", "tail -f", "tail -F", "cron -f", "sshd"}

// The waits of the specs. A process counts when it is a second old, and runit looks every 5 s.
var (
	awaitServices = harness.Wait{For: "the machine's services to run", Interval: 500 * time.Millisecond, Limit: time.Minute}
	awaitStill    = harness.Wait{For: "two looks to find the same", Interval: 6 * time.Second, Limit: time.Minute}
)

var errStillChanging = errors.New("the last look found another number of differences")

// missing names a service that does not run yet.
func missing(taken harness.Fingerprint) error {
	for _, service := range services {
		if !slices.ContainsFunc(taken.Traits, func(trait harness.Trait) bool {
			return trait.Kind == harness.KindProcess && strings.Contains(trait.Key, service)
		}) {
			return fmt.Errorf("%s does not run", service)
		}
	}
	return nil
}
