# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every selftest shares: TAP, polling, namespaces, background programs, cleanup.
#
#	. "$(dirname "$0")/lib.sh"
#	isolate "$@"                        # private mounts: nothing of the machine's is touched
#	begin                               # temp dir and the cleanup trap
#	netns_add "$NS"
#	background web in_ns "$NS" python3 -m http.server
#	tap "web answers" in_ns "$NS" curl -s http://127.0.0.1:8000/
#	finish                              # plan and exit status
#
# Exit status: 0 all passed, 1 something failed, 4 skip all (kselftest's KSFT_SKIP).
#
# Environment: V=1 prints the output of passing tests too, LIMIT_SCALE=N multiplies every time limit
# (for emulated CPUs; limits are upper bounds that are polled, so scaling costs a passing run nothing).

KSFT_SKIP=4
LIMIT_SCALE=${LIMIT_SCALE:-1}

WORK=			# this run's temp dir
TAP_N=0
TAP_FAILED=0
TAP_SKIPPED=0
WHY=			# why the running test wants to be skipped
declare -A BG_PID=()	# background programs: name -> "pid starttime"
NETNS=()		# namespaces made by this run
CLEANUPS=()		# commands to run at the end, last one first
ON_FAIL=		# command that prints diagnostics after a failed test

note()
{
	printf '# %s\n' "$*"
}

skip_all()
{
	printf '1..0 # SKIP %s\n' "$*"
	exit "$KSFT_SKIP"
}

need_root()
{
	((EUID == 0)) || skip_all "needs root"
}

need_commands()
{
	local missing=() c

	for c in "$@"; do
		command -v "$c" >/dev/null || missing+=("$c")
	done
	((${#missing[@]} == 0)) || skip_all "not installed: ${missing[*]} (scripts/dependencies installs it)"
}

# isolate "$@": run the script again in a mount namespace of its own. bpffs pins are named after the
# interface and wireguard-go's sockets after the tunnel, not after the network namespace: two runs at
# once, or a run on a machine where nestwg-xdp does its real work, must not see each other's.
#
# All of /run is replaced, not the directories in it: a mount on /run/sshd is gone without a word
# when somebody outside, such as an sshd that stops, removes that directory (rmdir detaches the mounts
# that other namespaces have on it), and every sshd of ours would refuse to work.
isolate()
{
	need_root
	if [[ ${ISOLATED:-} != "$$" ]]; then
		mountpoint -q / || chroot_again "$@"
		# unshare execs, so the new script keeps this pid: inherited by a child it means nothing.
		ISOLATED=$$ exec unshare --mount --propagation private "$0" "$@"
	fi
	# A bare chroot has neither.
	[[ -e /proc/self ]] || mount -t proc proc /proc || skip_all "cannot mount /proc"
	[[ -d /sys/fs/bpf ]] || mount -t sysfs sysfs /sys || skip_all "cannot mount /sys"
	mount -t tmpfs -o mode=755 tmpfs /run || skip_all "cannot mount a tmpfs on /run"
	mkdir /run/netns /run/wireguard /run/sshd /run/lock
	# The machine's own /etc/nestwg-xdp is none of a test's business.
	export NESTWG_CONFDIR=/run/nestwg-xdp
	mount -t bpf bpf /sys/fs/bpf || skip_all "cannot mount bpffs on /sys/fs/bpf"
}

# In a chroot, / is no mount, and neither unshare nor `ip -n` can make it private. Run the script again below a
# mount of it.
chroot_again()
{
	# shellcheck disable=SC2016 # for the inner shells
	unshare --mount --propagation unchanged bash -c '
		mount --rbind / /mnt && mount --make-rprivate /mnt || exit
		chroot /mnt bash -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"
		status=$?
		umount -l /mnt
		exit "$status"' chroot_again "$0" "$@"
	exit
}

begin()
{
	need_root
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/nestwg.XXXXXX") || exit 1
	trap cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# at_end COMMAND...: run it at cleanup (words are kept apart).
at_end()
{
	CLEANUPS+=("$(printf '%q ' "$@")")
}

cleanup()
{
	local i

	trap - EXIT
	trap '' HUP INT TERM
	for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do
		eval "${CLEANUPS[i]}"
	done
	background_stop_all
	for i in "${NETNS[@]}"; do
		netns_del "$i"
	done
	[[ -z $WORK ]] || rm -rf "$WORK"
}

# --- TAP -----------------------------------------------------------------------------------------

# tap TEXT COMMAND...: one test. The command may be a function; it prints what it finds, which is
# shown if it fails. `skip REASON; return` from within skips it.
tap()
{
	local text=$1 rc start=$EPOCHREALTIME

	shift
	WHY=
	"$@" >"$WORK/tap.log" 2>&1
	rc=$?
	((++TAP_N))
	case $rc in
	0)
		printf 'ok %d - %s\n' "$TAP_N" "$text"
		[[ -z ${V:-} ]] || verbose "$start"
		;;
	"$KSFT_SKIP")
		((++TAP_SKIPPED))
		printf 'ok %d - %s # SKIP %s\n' "$TAP_N" "$text" "${WHY:-not here}"
		;;
	*)
		((++TAP_FAILED))
		printf 'not ok %d - %s\n' "$TAP_N" "$text"
		{
			echo "exit status $rc of: $*"
			cat "$WORK/tap.log"
			[[ -z $ON_FAIL ]] || $ON_FAIL
		} 2>&1 | sed 's/^/#   /'
		;;
	esac
	return 0
}

# verbose START: what a passing test printed, and how long it took.
verbose()
{
	sed 's/^/#   /' "$WORK/tap.log"
	note "  took $(((${EPOCHREALTIME/./} - ${1/./}) / 1000)) ms"
}

skip()
{
	WHY=$*
	return "$KSFT_SKIP"
}

# The script's last command: its status is the script's.
finish()
{
	printf '1..%d\n' "$TAP_N"
	note "passed $((TAP_N - TAP_FAILED - TAP_SKIPPED)), failed $TAP_FAILED, skipped $TAP_SKIPPED, ${SECONDS} s"
	((TAP_FAILED == 0))
}

# --- judging -------------------------------------------------------------------------------------

# expect WHAT GOT WANTED-REGEX
expect()
{
	[[ $2 =~ $3 ]] && return 0
	printf '%s: got "%s", wanted /%s/\n' "$1" "$2" "$3"
	return 1
}

# expect_is WHAT GOT WANTED
expect_is()
{
	[[ $2 == "$3" ]] && return 0
	printf '%s: got "%s", wanted "%s"\n' "$1" "$2" "$3"
	return 1
}

# expect_at_least WHAT GOT MINIMUM
expect_at_least()
{
	[[ $2 =~ ^[0-9]+$ ]] && (($2 >= $3)) && return 0
	printf '%s: got "%s", wanted at least %s\n' "$1" "$2" "$3"
	return 1
}

# fails COMMAND...: true if the command fails.
fails()
{
	! "$@"
}

limit()
{
	echo $(($1 * LIMIT_SCALE))
}

# wait_for SECONDS COMMAND...: poll until the command succeeds.
wait_for()
{
	local end=$((SECONDS + $(limit "$1"))) out

	shift
	until out=$("$@" 2>&1); do
		if ((SECONDS > end)); then
			printf 'waited in vain for: %s\n%s\n' "$*" "$out"
			return 1
		fi
		sleep 0.05
	done
}

# --- namespaces ----------------------------------------------------------------------------------

# nsenter and not `ip netns exec`: that one mounts a new /sys, where pins would vanish with the process.
in_ns()
{
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# netns_add NAME [SYSCTL=VALUE...]
netns_add()
{
	local ns=$1

	shift
	ip netns add "$ns" || return
	NETNS+=("$ns")
	ip -n "$ns" link set lo up || return
	in_ns "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 "$@"
}

# Whatever still runs in a namespace of ours is ours: a session that a daemon left behind.
netns_del()
{
	local pid

	for pid in $(ip netns pids "$1" 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null
	done
	ip netns del "$1" 2>/dev/null
}

# --- background programs -------------------------------------------------------------------------

# A pid alone may be somebody else's by now; pid and start time name one process for good. Prints nothing if the
# process has ended, a zombie counts as ended.
start_time()
{
	local stat

	read -r stat 2>/dev/null <"/proc/$1/stat" || return
	# The command name, in parentheses, may hold spaces: count from the last one.
	stat=${stat##*) }
	[[ $stat != Z* ]] || return
	# shellcheck disable=SC2086 # split into fields
	set -- $stat
	echo "${20}"
}

# background NAME COMMAND...: its output goes to $WORK/NAME.log. setsid: a group to kill as one,
# and no ^C of the terminal.
background()
{
	local name=$1 pid

	shift
	if [[ $1 == in_ns ]]; then
		set -- nsenter --net="/run/netns/$2" -- "${@:3}"
	fi
	setsid "$@" </dev/null >"$WORK/$name.log" 2>&1 &
	pid=$!
	disown "$pid"
	BG_PID[$name]="$pid $(start_time "$pid")"
}

background_alive()
{
	local pid start

	pid=${BG_PID[$1]:-}
	start=${pid#* }
	pid=${pid%% *}
	[[ -n $pid && $(start_time "$pid") == "$start" ]]
}

# background_stop NAME [SIGNAL]
background_stop()
{
	local name=$1 signal=${2:-TERM} pid

	pid=${BG_PID[$name]%% *}
	if background_alive "$name"; then
		kill -"$signal" -- "-$pid" 2>/dev/null || kill -"$signal" "$pid" 2>/dev/null
		if ! wait_for 5 fails background_alive "$name"; then
			kill -KILL -- "-$pid" 2>/dev/null
		fi
	fi
	unset "BG_PID[$name]"
}

background_stop_all()
{
	local name pid

	# All at once first, so that waiting for each costs nothing.
	for name in "${!BG_PID[@]}"; do
		pid=${BG_PID[$name]%% *}
		background_alive "$name" && kill -TERM -- "-$pid" 2>/dev/null
	done
	for name in "${!BG_PID[@]}"; do
		background_stop "$name" >/dev/null
	done
}

log_has()
{
	grep -q -- "$2" "$WORK/$1.log" 2>/dev/null
}

# --- capturing -----------------------------------------------------------------------------------

# capture NAME NS IF DIRECTION FILTER...: into $WORK/NAME.pcap; returns once tcpdump listens.
# -Z root: Debian's tcpdump would change to a user who may not write here.
capture()
{
	local name=$1 ns=$2 dev=$3 direction=$4

	shift 4
	background "$name" in_ns "$ns" tcpdump -Z root -n -U --immediate-mode -i "$dev" -Q "$direction" \
		-w "$WORK/$name.pcap" "$@"
	wait_for 60 log_has "$name" "listening on"
}

capture_stop()
{
	background_stop "$1" INT
}

# captured NAME [FILTER...]: what has been caught so far, as text with checksums checked.
captured()
{
	local name=$1

	shift
	tcpdump -Z root -n -vv -r "$WORK/$name.pcap" "$@" 2>/dev/null
}

# captured_count NAME [FILTER...]: one line per packet, without -vv's continuation lines.
captured_count()
{
	local name=$1

	shift
	tcpdump -Z root -n -r "$WORK/$name.pcap" "$@" 2>/dev/null | wc -l
}

captured_some()
{
	(($(captured_count "$@") > 0))
}
