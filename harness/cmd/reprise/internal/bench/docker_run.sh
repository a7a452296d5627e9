#!/bin/sh
# Makes a container that is not privileged one that k3s can run in, and then becomes k3s: what a lab's
# supervisor does for its nodes.
set -eu
mount --make-rshared /

# A kubelet writes these, and they belong to the machine: it gets copies.
copies=$(mktemp -d)
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	[ -e "/proc/sys/$setting" ] || continue
	copy=$copies/${setting##*/}
	cat "/proc/sys/$setting" >"$copy"
	mount --bind "$copy" "/proc/sys/$setting"
done

# The network's settings are the container's own.
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net

# So are the cgroups that it sees.
mounts=$(cat /proc/mounts)
while read -r _ point kind _; do
	case $kind in cgroup | cgroup2) mount -o remount,bind,rw "$point" ;; esac
done <<EOF
$mounts
EOF

exec "$@"
