/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a loaded BPF program is one of ours, and to which state it belongs. */
#ifndef NESTWG_IDENTIFY_H
#define NESTWG_IDENTIFY_H

#include <stdbool.h>

#include "hook.h"

struct identity {
	enum hook_id hook;
	__u32 config_map;	/* the id of its map `config`, which tells one state from another */
};

/* False if the name is none of ours, or the program has gone. */
bool identify(__u32 program_id, struct identity *identity);

/* Whether a program for that hook is loaded that uses that map: somewhere it runs. */
bool identify_any(enum hook_id hook, __u32 config_map);

#endif /* NESTWG_IDENTIFY_H */
