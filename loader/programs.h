/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object: its programs and maps, brought into the kernel. */
#ifndef NESTWG_PROGRAMS_H
#define NESTWG_PROGRAMS_H

#include <stdbool.h>

#include "hook.h"

struct nestwg_bpf;

/* Must come before any call of libbpf: it says nothing unless `verbose`. */
void programs_set_verbose(bool verbose);

/*
 * Loads the programs with the maps that are pinned for `nic`; those that are not are made and
 * pinned. NULL after reporting.
 */
struct nestwg_bpf *programs_load(const char *nic);
void programs_unload(struct nestwg_bpf *programs);

int programs_fd(const struct nestwg_bpf *programs, enum hook_id id);
__u32 programs_id(const struct nestwg_bpf *programs, enum hook_id id);

/* Whether the maps that are pinned for `nic` are of our shape. 0, or -1 after reporting. */
int programs_check_maps(const char *nic);

#endif /* NESTWG_PROGRAMS_H */
