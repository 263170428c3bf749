// SPDX-License-Identifier: GPL-2.0-only
/* What any gateway needs, before an interface is chosen. */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "error.h"
#include "kernel_features.h"
#include "pins.h"
#include "preflight.h"
#include "run.h"
#include "wireguard.h"

/* Says what FUNCTION says, unless all is well. */
static bool passes(struct doctor *doctor, int (*function)(void), enum severity severity)
{
	char said[PROBLEM_SIZE];
	int err;

	error_catch(said, sizeof(said));
	err = function();
	error_catch(NULL, 0);
	if (err)
		found(doctor, severity, "%s", said);
	return !err;
}

void check_rights(struct doctor *doctor)
{
	char said[PROBLEM_SIZE];

	error_catch(said, sizeof(said));
	doctor->rights = !preflight_rights();
	error_catch(NULL, 0);
	if (!doctor->rights)
		found(doctor, SEVERITY_WARNING, "%s. Not looked at: BPF, the programs, WireGuard's "
		      "peers, netfilter", said);
}

void check_kernel(struct doctor *doctor)
{
	struct utsname name;

	if (passes(doctor, preflight_kernel, SEVERITY_PROBLEM) && !uname(&name))
		found(doctor, SEVERITY_OK, "Linux %s", name.release);
}

/* libbpf's probes load something that needs no more than this. 0: no, 1: yes, negative: unknown. */
static bool lacks(struct doctor *doctor, int probed, const char *what)
{
	if (probed > 0)
		return false;
	if (probed < 0)
		found(doctor, SEVERITY_WARNING, "cannot find out whether this kernel has %s: %s",
		      what, strerror(-probed));
	else
		found(doctor, SEVERITY_PROBLEM, "this kernel has no %s; your distribution's own "
		      "kernel has it", what);
	return true;
}

void check_bpf(struct doctor *doctor)
{
	const enum bpf_prog_type xdp = BPF_PROG_TYPE_XDP, tc = BPF_PROG_TYPE_SCHED_CLS;

	if (lacks(doctor, libbpf_probe_bpf_prog_type(xdp, NULL), "XDP (CONFIG_BPF_SYSCALL)") ||
	    lacks(doctor, libbpf_probe_bpf_prog_type(tc, NULL), "tc BPF (CONFIG_NET_CLS_BPF)") ||
	    lacks(doctor, libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL),
		  "BPF ring buffer") ||
	    lacks(doctor, libbpf_probe_bpf_map_type(BPF_MAP_TYPE_LRU_HASH, NULL), "BPF LRU map") ||
	    lacks(doctor, libbpf_probe_bpf_helper(tc, BPF_FUNC_redirect_neigh, NULL),
		  "bpf_redirect_neigh()") ||
	    lacks(doctor, libbpf_probe_bpf_helper(tc, BPF_FUNC_check_mtu, NULL), "bpf_check_mtu()"))
		return;
	found(doctor, SEVERITY_OK, "XDP, tc, and the maps and helpers that are needed");
}

/* Whether what is loaded here and now is compiled, whatever the sysctl says. */
void check_jit(struct doctor *doctor)
{
	enum answer compiled = feature_find_jit();

	if (compiled == ANSWER_YES) {
		found(doctor, SEVERITY_OK, "BPF is compiled");
	} else if (compiled == ANSWER_NO) {
		found(doctor, SEVERITY_WARNING, "BPF is interpreted, several times slower than "
		      "compiled");
		mend(doctor, "sysctl -w net.core.bpf_jit_enable=1");
	}
}

/* Whether modprobe would find it; nothing is loaded. */
static bool module_exists(const char *name)
{
	const char *const argv[] = { "modprobe", "-n", "-q", name, NULL };
	char path[64], *output = NULL;
	int status;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (access(path, F_OK) == 0)
		return true;
	status = run(argv, &output);
	free(output);
	return status == 0;
}

void check_tc(struct doctor *doctor)
{
	if (feature_find_tcx() == ANSWER_YES) {
		found(doctor, SEVERITY_OK, "tcx");
	} else if (module_exists("sch_ingress")) {
		found(doctor, SEVERITY_OK, "clsact (tcx came with Linux 6.6)");
	} else {
		found(doctor, SEVERITY_PROBLEM, "neither tcx nor clsact: the module sch_ingress is "
		      "missing");
		mend(doctor, "apt-get install linux-modules-extra-\"$(uname -r)\"");
	}
}

void check_bpffs(struct doctor *doctor)
{
	if (passes(doctor, preflight_bpffs, SEVERITY_PROBLEM))
		found(doctor, SEVERITY_OK, "mounted on " BPFFS);
	else
		mend(doctor, "mount -t bpf bpf " BPFFS);
}

static bool some_tunnel_exists(void)
{
	char said[PROBLEM_SIZE];
	struct wg_names names;
	size_t count;
	int err;

	error_catch(said, sizeof(said));
	err = wg_names_get(&names);
	error_catch(NULL, 0);
	if (err)
		return false;
	count = names.count;
	wg_names_free(&names);
	return count > 0;
}

void check_wireguard(struct doctor *doctor)
{
	const char *const argv[] = { "wg", "--version", NULL };
	char *output = NULL;
	int status = run(argv, &output);

	free(output);
	doctor->wg_found = status == 0;
	if (status) {
		found(doctor, SEVERITY_PROBLEM, "there is no wg(8)");
		mend(doctor, "apt-get install wireguard-tools");
	} else if (module_exists("wireguard")) {
		found(doctor, SEVERITY_OK, "wg(8), and the kernel's WireGuard");
	} else if (some_tunnel_exists()) {
		found(doctor, SEVERITY_OK, "wg(8), and a WireGuard in userspace");
	} else {
		found(doctor, SEVERITY_PROBLEM, "this kernel has no WireGuard, and none runs in "
		      "userspace");
		mend(doctor, "apt-get install wireguard-go");
	}
}

/*
 * A handshake carries its time, and the other end takes none that is older than the last (the
 * WireGuard paper, 5.4.2): after a jump back it is deaf until the clock has caught up.
 */
void check_clock(struct doctor *doctor)
{
	struct timex state = {};
	time_t now = time(NULL);
	struct stat program;

	if (!stat("/proc/self/exe", &program) && program.st_mtime > now + 60) {
		found(doctor, SEVERITY_PROBLEM, "it says %.24s, but this program is newer: "
		      "WireGuard's peers ignore handshakes from the past", ctime(&now));
		mend(doctor, "timedatectl set-ntp true");
	} else if (adjtimex(&state) < 0 || (state.status & STA_UNSYNC)) {
		found(doctor, SEVERITY_NOTE, "no time server sets it; if it jumps back, "
		      "WireGuard's peers ignore handshakes until it has caught up");
		mend(doctor, "timedatectl set-ntp true");
	} else {
		found(doctor, SEVERITY_OK, "set by a time server");
	}
}

#define CONNTRACK "/proc/sys/net/netfilter/nf_conntrack_"

/* Full, it drops what the gateway's own connections and excluded ports send and get. */
void check_conntrack(struct doctor *doctor)
{
	unsigned long count, max;

	if (!doctor_number(CONNTRACK "count", &count) || !doctor_number(CONNTRACK "max", &max) ||
	    !max)
		return;
	if (count / 4 < max / 5) {
		found(doctor, SEVERITY_OK, "%lu of %lu entries", count, max);
		return;
	}
	found(doctor, SEVERITY_WARNING, "the table is nearly full (%lu of %lu entries): SSH and "
	      "other things that stay on the gateway will lose packets", count, max);
	mend(doctor, "sysctl -w net.netfilter.nf_conntrack_max=%lu", max * 4);
}

void check_interfaces(struct doctor *doctor)
{
	struct pins_names names;

	if (pins_list(&names))
		return;
	if (names.count > 1)
		found(doctor, SEVERITY_NOTE, "%zu interfaces are attached; each needs a tunnel of "
		      "its own", names.count);
	pins_names_free(&names);
}
