# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A machine of its own as far as systemd can tell: this machine's root under an overlay, its own processes, mounts,
# network and control groups, systemd as PID 1. What it writes to disk outlives its reboots, all else does not.
#
#	. lib.sh; . booted.sh; isolate "$@"; begin
#	booted_make                     # $BOOTED_ROOT: put files there before the first boot
#	booted_up; booted COMMAND...; booted_down; booted_up
#
# Its network namespace is $BOOTED_NS, made anew by each boot; booted_cabling, a function of the test's, puts NICs in.
#
# Environment: BOOTED_SHARED, a directory of this machine's that is the other's as well, to write to.

BOOTED_NS=booted$$
BOOTED_ROOT=
BOOTED_CGROUP=

booted_make()
{
	local unit

	mkdir -p "$WORK/disk" "$WORK/machine"
	mount -t tmpfs -o mode=755 tmpfs "$WORK/disk" || skip_all "cannot mount a tmpfs"
	at_end umount -l "$WORK/disk"
	mkdir "$WORK/disk/upper" "$WORK/disk/work"
	mount -t overlay -o "lowerdir=/,upperdir=$WORK/disk/upper,workdir=$WORK/disk/work" overlay "$WORK/machine" ||
		skip_all "cannot mount an overlay over /"
	BOOTED_ROOT=$WORK/machine
	at_end umount -l "$BOOTED_ROOT"
	booted_cgroup || skip_all "no cgroup2 here"
	# Nothing of what this machine has enabled, and no waiting for what is not there.
	rm -rf "$BOOTED_ROOT"/etc/systemd/system/*.wants "$BOOTED_ROOT"/etc/wireguard "$BOOTED_ROOT"/etc/nestwg-xdp
	mkdir -p "$BOOTED_ROOT/etc/wireguard"
	# Nor what would set something of the kernel's that all share.
	for unit in systemd-sysctl systemd-modules-load systemd-binfmt systemd-timesyncd systemd-random-seed \
		systemd-pstore systemd-logind; do
		ln -sf /dev/null "$BOOTED_ROOT/etc/systemd/system/$unit.service"
	done
	mkdir -p "$BOOTED_ROOT/etc/systemd/system/systemd-udev-trigger.service.d"
	printf '[Service]\nExecStart=\nExecStart=udevadm trigger --action=add --subsystem-match=net\n' \
		>"$BOOTED_ROOT/etc/systemd/system/systemd-udev-trigger.service.d/net.conf"
	# The MAC address of a real NIC does not change while it boots, and no neighbour has to find that out.
	mkdir -p "$BOOTED_ROOT/etc/systemd/network"
	printf '[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=none\nNamePolicy=keep\n' \
		>"$BOOTED_ROOT/etc/systemd/network/00-test.link"
	: >"$BOOTED_ROOT/etc/fstab"
	ln -sf /lib/systemd/system/multi-user.target "$BOOTED_ROOT/etc/systemd/system/default.target"
}

booted_cgroup_gone()
{
	find "$BOOTED_CGROUP" -depth -type d -exec rmdir {} + && [[ ! -e $BOOTED_CGROUP ]]
}

booted_cgroup()
{
	local root

	for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[[ $(stat -f -c %T "$root" 2>/dev/null) == cgroup2fs ]] || continue
		BOOTED_CGROUP=$root/$BOOTED_NS
		mkdir "$BOOTED_CGROUP" || return
		at_end booted_cgroup_gone
		at_end booted_down
		return
	done
	return 1
}

# booted_init ROOT: what the new PID 1 does before it is systemd.
booted_init()
{
	local root=$1 node

	mount -t proc proc "$root/proc" &&
	mount -t sysfs sysfs "$root/sys" &&
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" &&
	mount -t bpf bpf "$root/sys/fs/bpf" &&
	mount -t tmpfs -o mode=755 tmpfs "$root/run" &&
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" &&
	mount -t tmpfs -o mode=755 tmpfs "$root/dev" &&
	mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net" &&
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts" || return
	for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "net/tun 10 200"; do
		# shellcheck disable=SC2086 # NAME MAJOR MINOR
		mknod -m 666 "$root/dev/"${node/ / c } || return
	done
	# Where /dev is no devtmpfs, this is how systemd sees that udev will run (sd-device's monitor), and listens to it.
	mkdir "$root/run/udev" && : >"$root/run/udev/control"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	if [[ -n ${BOOTED_SHARED:-} ]]; then
		mkdir -p "$root$BOOTED_SHARED" && mount --bind "$BOOTED_SHARED" "$root$BOOTED_SHARED" || return
	fi
	cd "$root" && mount --move . / || return
	exec chroot . /usr/bin/env -i container=nestwg-test LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --show-status=no --log-target=console --log-level=info
}

booted_up()
{
	export -f booted_init
	netns_add "$BOOTED_NS" || return
	booted_cabling || return
	mount --bind "$BOOTED_ROOT" "$BOOTED_ROOT" || return
	# shellcheck disable=SC2016 # for the inner shells
	background booted in_ns "$BOOTED_NS" bash -c 'echo $$ >"$1/cgroup.procs" &&
		exec unshare --mount --uts --ipc --pid --cgroup --fork --kill-child --propagation private \
			bash -c "booted_init \"\$0\"" "$0"' "$BOOTED_ROOT" "$BOOTED_CGROUP"
	wait_for 20 booted_has_systemd || return
	wait_for 60 booted_is_up
}

# Its PID 1: the child of the unshare that runs in the background.
booted_pid()
{
	pgrep -P "${BG_PID[booted]%% *}"
}

booted_has_systemd()
{
	[[ $(<"/proc/$(booted_pid)/comm") == systemd ]]
}

booted()
{
	nsenter --target "$(booted_pid)" --mount --uts --ipc --net --pid --cgroup --root --wd env -i TERM=dumb \
		LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

booted_is_up()
{
	[[ $(booted systemctl is-system-running) =~ running|degraded ]]
}

# As if the plug were pulled: what lives in memory is gone.
booted_down()
{
	[[ -n ${BG_PID[booted]:-} ]] || return 0
	kill -KILL "$(booted_pid)" 2>/dev/null
	background_stop booted KILL
	wait_for 10 booted_cgroup_gone
	mkdir -p "$BOOTED_CGROUP"
	umount -l "$BOOTED_ROOT"
	netns_del "$BOOTED_NS"
}
