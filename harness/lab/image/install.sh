#!/bin/sh
# Installs Debian packages while an image is built: install.sh PACKAGE... The folder of this script holds the packages and their
# index where the machine that asked for the build has fetched and verified them; otherwise they come from where the system
# around this script says. On a system that was only unpacked (it has no record of its packages) all packages of the folder
# are installed.
set -eu
at=$(dirname "$0")
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8 LANG=C.UTF-8 LANGUAGE=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# No service is started: invoke-rc.d asks this.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
mkdir -p /etc/dpkg/dpkg.cfg.d
cp "$at/left-out" /etc/dpkg/dpkg.cfg.d/reprise

# dpkg waits for the disk after every step, which takes longer than the step. In memory it need not wait.
updates=/dev/shm/dpkg-updates
mkdir -p $updates /var/lib/dpkg
rm -rf /var/lib/dpkg/updates
ln -s $updates /var/lib/dpkg/updates

cd "$at"
if [ ! -e /var/lib/dpkg/status ]; then
	mkdir -p /var/lib/dpkg/info
	: > /var/lib/dpkg/status
	: > /var/lib/dpkg/available
	[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk # some scripts want it before its own package is configured
	# The users come first, then the folders that others expect.
	dpkg --force-depends --force-unsafe-io --install base-passwd.deb
	dpkg --force-depends --force-unsafe-io --install base-files.deb
	dpkg --force-depends --force-unsafe-io --unpack ./*.deb
	dpkg --force-depends --force-unsafe-io --force-configure-any --configure --pending
else
	packages=$*
	set -- --yes --no-install-recommends -o DPkg::Options::=--force-unsafe-io -o APT::Sandbox::User=root
	if [ -e Packages ]; then
		echo "deb [trusted=yes] file:$PWD ./" > sources.list # what is listed has been verified, and is compared with the list again
		set -- "$@" -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null
	fi
	apt-get "$@" update
	apt-get "$@" install $packages
fi
problems=$(dpkg --audit)
[ -z "$problems" ] || { echo "$problems"; exit 1; }

cd /
rm /var/lib/dpkg/updates
mkdir /var/lib/dpkg/updates
rm -rf "$at" /usr/sbin/policy-rc.d /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb \
	/var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
