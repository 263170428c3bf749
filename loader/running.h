/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of our programs run on this network namespace's interfaces, as the kernel tells it: pins
 * can be removed by hand or unmounted, and a command can be killed between any two steps.
 */
#ifndef NESTWG_RUNNING_H
#define NESTWG_RUNNING_H

#include <stddef.h>

#include "identify.h"
#include "netif.h"

struct running {
	struct netif netif;
	struct identity identity;
	__u32 program_id;
	bool clsact;
};

struct running_list {
	struct running *list;
	size_t count;
};

/* 0 or a negative errno. */
int running_find(struct running_list *all);
int running_copy(struct running_list *copy, const struct running_list *all);

void running_free(struct running_list *all);

/* Leaves those that belong to no pinned state. */
void running_drop_pinned(struct running_list *all);

/* Whether it runs on NIC, or shares its maps with one that does. */
bool running_is_with(const struct running_list *all, const struct running *one, const char *nic);

/* Takes it off its interface. */
void running_remove(const struct running *one);

/* Takes off all that share these maps, and says whether there was one. */
bool running_remove_of(__u32 config_map);

#endif /* NESTWG_RUNNING_H */
