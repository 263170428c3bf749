/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that can be told about one interface, gathered before any of it is printed. */
#ifndef NESTWG_REPORT_H
#define NESTWG_REPORT_H

#include "hook.h"
#include "netif.h"
#include "running.h"
#include "state.h"
#include "wgdump.h"

#define PROBLEMS_MAX	16
#define PROBLEM_SIZE	256

/* The command that mends a problem, where one does. */
enum remedy {
	REMEDY_NONE,
	REMEDY_ATTACH,
	REMEDY_RENAMED,		/* attach, under its new name */
	REMEDY_DETACH,
	REMEDY_NIC_UP,
	REMEDY_TUNNEL_UP,
	REMEDY_ALLOWED_IPS,	/* the peer needs its address back: whose key it is, only wg(8) knows */
};

struct report {
	const char *name;
	bool readable;				/* the maps are there, and so is all that follows */
	struct state state;
	struct nestwg_counter counters[NESTWG_NR_REASONS];
	unsigned int own_flows;
	struct hook_state hooks[NR_HOOKS];
	struct netif nic, tunnel;		/* ifindex 0: gone */
	struct wg_device wg;
	const struct wg_peer *peer;		/* NULL: unknown */

	/* What is not as it should be, and what to do. */
	char problems[PROBLEMS_MAX][PROBLEM_SIZE];
	enum remedy remedies[PROBLEMS_MAX];
	unsigned int nr_problems;
};

/* `all` are those that run here, see running.h. */
void report_make(struct report *report, const char *nic, const struct running_list *all);

/* Of an interface that has programs of ours, but no state. `all`: only such. */
void report_stray(struct report *report, const struct netif *netif, const struct running_list *all);

/* Programs that run here, and with them elsewhere, without a state: all of `strays` are such. */
void report_add_strays(struct report *report, const struct running_list *strays);

#define REMEDY_SIZE 80
/* What to type for a problem; "" where no command helps. */
void report_remedy(const struct report *report, unsigned int problem, char text[REMEDY_SIZE]);

void report_free(struct report *report);

#endif /* NESTWG_REPORT_H */
