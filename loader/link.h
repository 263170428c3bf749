/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF links that nobody has given us a pin of. */
#ifndef NESTWG_LINK_H
#define NESTWG_LINK_H

#include <linux/types.h>

/* A file descriptor of the link that holds the program on that interface, or -ENOENT. */
int link_find(int ifindex, __u32 program_id);

#endif /* NESTWG_LINK_H */
