/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The four places where our programs run. A link is pinned as soon as it exists, so that one
 * without a pin ends with the command; clsact filters stay where they are put.
 */
#ifndef NESTWG_HOOK_H
#define NESTWG_HOOK_H

#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdbool.h>

#include "nestwg.h"

#ifndef BPF_F_BEFORE
#define BPF_F_BEFORE	(1U << 3)	/* Linux 6.6 */
#endif

/* Undone in the reverse order. */
enum hook_id {
	HOOK_LEARN,	/* NIC, tc egress */
	HOOK_RETURN,	/* tunnel, tc ingress */
	HOOK_HANDOFF,	/* NIC, tc ingress */
	HOOK_INGRESS,	/* NIC, XDP */
	NR_HOOKS
};

const char *hook_name(enum hook_id id);

/* "XDP", "tc egress", ... */
const char *hook_where(enum hook_id id);

/* BPF_TCX_INGRESS or _EGRESS, BPF_XDP: numbers, since they are newer than some headers. */
unsigned int hook_attach_type(enum hook_id id);

#define TCX_PROGRAMS	64	/* at most in one place; kernel/bpf/mprog.c: BPF_MPROG_MAX */

/* For clsact; not for XDP. */
enum bpf_tc_attach_point hook_tc_point(enum hook_id id);

enum hook_health {
	HOOK_ABSENT,
	HOOK_ALIVE,
	HOOK_GONE,	/* it was there, but its interface no longer exists */
	HOOK_ELSEWHERE,	/* its interface is in another network namespace */
};

struct hook_state {
	enum hook_health health;
	int ifindex;		/* where it is, if it is alive */
	__u32 program_id;
};

/* What is there now, as the interface's config says it should be. */
struct hook_state hook_look(const char *nic, enum hook_id id, const struct nestwg_config *config);

/* None of them runs here, but some in another network namespace: nothing to be changed from here. */
bool hooks_are_elsewhere(const char *nic, const struct nestwg_config *config);

/* One program to be put in its place, and what to go back to. */
struct hook {
	enum hook_id id;
	const char *nic;
	int ifindex;
	int prog_fd;
	unsigned int xdp_flags;	/* XDP only */
	bool clsact;		/* tc only: no tcx link but a clsact filter */

	bool put;
	bool replaced;		/* there was a program in the same place */
	int old_prog_fd;	/* that one, or -1 */
	int old_link_fd;	/* the link that it had on another interface, or -1 */
};

void hook_init(struct hook *hook, enum hook_id id, const char *nic, int ifindex, int prog_fd);

/* Attaches the program, or replaces the one that is there at once. 0 or a negative errno. */
int hook_put(struct hook *hook);

/* As it was before hook_put(). */
void hook_undo(struct hook *hook);

/* Lets go of what hook_undo() would need. */
void hook_commit(struct hook *hook);

/* Detaches the link of this name, wherever it is. */
void hook_remove_link(const char *nic, enum hook_id id);

#endif /* NESTWG_HOOK_H */
