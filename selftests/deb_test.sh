#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make deb, and what its package does on a machine: installed, attached, upgraded in place, removed, purged (cli.sh
# draws the gateway). The machine is this one's root under an overlay: what is written shows in $WORK/disk/upper.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=cli.sh
. "$HERE/cli.sh"

ROOT=
DEB=

builds()
{
	local out=$WORK/build

	make -C "$HOUSE_ROOT" deb BUILD="$out" || return
	DEB=$(echo "$out"/deb/*.deb)
	[[ -s $DEB ]]
}

lintian_is_silent()
{
	expect_is "lintian" "$(lintian --allow-root --fail-on none --tag-display-limit 0 "${DEB%.deb}.changes" 2>&1)" ""
}

machine()
{
	local dir

	mkdir "$WORK/disk" "$ROOT"
	mount -t tmpfs -o mode=755 tmpfs "$WORK/disk" || skip_all "cannot mount a tmpfs"
	at_end umount -l "$WORK/disk"
	mkdir "$WORK/disk/upper" "$WORK/disk/work"
	mount -t overlay -o "lowerdir=/,upperdir=$WORK/disk/upper,workdir=$WORK/disk/work" overlay "$ROOT" ||
		skip_all "cannot mount an overlay over /"
	at_end umount -l "$ROOT"
	for dir in proc sys dev run; do
		mount --rbind "/$dir" "$ROOT/$dir" || skip_all "cannot mount /$dir"
	done
	# Of an earlier `make install`, if there was one.
	rm -f "$ROOT/usr/local/sbin/nestwg-xdp"
	rm -rf "$ROOT/etc/nestwg-xdp"
}

# there COMMAND...: on that machine, in the gateway's network.
there()
{
	on gw env -u NESTWG_CONFDIR DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$ROOT" "$@"
}

install_it()
{
	cp "$DEB" "$ROOT/tmp/it.deb" && there dpkg -i /tmp/it.deb && rm "$ROOT/tmp/it.deb"
}

# What differs from the machine as it was, but for dpkg's own notes.
differences()
{
	(cd "$WORK/disk/upper" && find . ! -type d | grep -vE '^\./(var/(lib/dpkg|log|cache)|tmp)/' | sort)
}

installed()
{
	local file

	install_it && there nestwg-xdp --version || return
	for file in usr/share/man/man8/nestwg-xdp.8.gz usr/share/bash-completion/completions/nestwg-xdp \
		lib/systemd/system/nestwg-xdp@.service lib/udev/rules.d/90-nestwg-xdp.rules usr/share/doc/nestwg-xdp/copyright; do
		[[ -s $ROOT/$file ]] || echo "no $file" | fails cat || return
	done
	expect "ExecStart" "$(<"$ROOT/lib/systemd/system/nestwg-xdp@.service")" "ExecStart=/usr/sbin/nestwg-xdp attach" &&
		expect "what it depends on" "$(dpkg-deb -f "$DEB" Depends)" "libbpf1.*libmnl0.*wireguard-tools"
}

attaches()
{
	there nestwg-xdp attach enp0s6 --save && there nestwg-xdp allow 8443 &&
		grep -qx 'Allow = 8443/tcp' "$ROOT/etc/nestwg-xdp/enp0s6.conf"
}

program_id()
{
	there nestwg-xdp status --json | "$HOUSE_PYTHON" -c '
import json, sys
print(json.load(sys.stdin)[0]["hooks"]["handoff"]["program_id"])'
}

upgrades()
{
	local before after

	there nestwg-xdp allow 7000 --runtime && before=$(program_id) && install_it || return
	after=$(program_id)
	expect "exclusions" "$(there nestwg-xdp status)" "7000/tcp.*8443/tcp" && expect_at_least "program" "$after" $((before + 1))
}

removed()
{
	there dpkg -r nestwg-xdp && expect "pins" "$(find /sys/fs/bpf/nestwg 2>&1)" "No such file" &&
		expect_is "programs on enp0s6" "$(on gw bpftool net list dev enp0s6 | grep -c nestwg)" 0 &&
		[[ -s $ROOT/etc/nestwg-xdp/enp0s6.conf ]]
}

purged()
{
	there dpkg --purge nestwg-xdp && expect_is "left on disk" "$(differences)" "$BEFORE" &&
		[[ ! -e $ROOT/etc/nestwg-xdp && ! -e $ROOT/usr/share/doc/nestwg-xdp ]]
}

isolate "$@"
begin
ROOT=$WORK/machine
cli_need dpkg-buildpackage dh lintian
gateway_up
gateway_sshd
machine
BEFORE=$(differences)

tap "make deb" builds
tap "lintian has nothing to say" lintian_is_silent
tap "installed" installed
tap "attached by it" attaches
tap "upgraded: the new programs are in place, and everything is kept" upgrades
tap "removed: detached, the configuration stays" removed
tap "purged: nothing is left" purged
finish
