# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A memory control group: BPF maps and programs are charged to the one that their maker is in (Linux 5.11), so that what
# nestwg-xdp holds in the kernel can be told from the rest of the machine's, and limited.
#
#	memcg_make NAME || skip ...
#	in_memcg COMMAND...
#	memcg_kernel_bytes; memcg_limit BYTES

MEMCG=

memcg_make()
{
	local root

	for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
		[[ -e $root/cgroup.procs ]] || continue
		[[ ! -e $root/cgroup.subtree_control ]] || echo +memory >"$root/cgroup.subtree_control" || continue
		mkdir "$root/$1" || continue
		at_end rmdir "$root/$1"
		MEMCG=$root/$1
		[[ -e $MEMCG/memory.limit_in_bytes || -e $MEMCG/memory.max ]] && return
	done 2>/dev/null
	MEMCG=
	return 1
}

in_memcg()
{
	# shellcheck disable=SC2016 # for the inner shell
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$MEMCG" "$@"
}

memcg_kernel_bytes()
{
	cat "$MEMCG/memory.kmem.usage_in_bytes" 2>/dev/null || awk '$1 == "kernel" { print $2 }' "$MEMCG/memory.stat"
}

memcg_limit()
{
	if [[ -e $MEMCG/memory.max ]]; then
		echo "$1" >"$MEMCG/memory.max"
	else
		echo "$1" >"$MEMCG/memory.limit_in_bytes"
	fi
}
