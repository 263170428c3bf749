/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object: its programs and maps, brought into the kernel. */
#ifndef NESTWG_PROGRAMS_H
#define NESTWG_PROGRAMS_H

#include <stdbool.h>

#include "hook.h"

struct programs;

/* Must come before any call of libbpf: it says nothing unless `verbose`. */
void programs_set_verbose(bool verbose);

/*
 * Makes and pins the maps that are not pinned for `nic` yet, loads nestwg_learn, which is put first,
 * and starts the others, nestwg_ingress only if it is going to be attached: the kernel verifies them
 * until programs_wait() returns. NULL after reporting.
 */
struct programs *programs_load(const char *nic, bool with_xdp);

/* All are loaded then: 0, or -1 after reporting. */
int programs_wait(struct programs *programs, const char *nic);
void programs_unload(struct programs *programs);

/* Negative, and 0, for a program that was not loaded. Before programs_wait() of nestwg_learn only. */
int programs_fd(const struct programs *programs, enum hook_id id);
__u32 programs_id(const struct programs *programs, enum hook_id id);

/* Whether the maps that are pinned for `nic` are of our shape. 0, or -1 after reporting. */
int programs_check_maps(const char *nic);

#endif /* NESTWG_PROGRAMS_H */
