/* SPDX-License-Identifier: GPL-2.0-only */
/* Which XDP program an interface has, and taking the place of another tool's. */
#ifndef NESTWG_XDP_H
#define NESTWG_XDP_H

#include <linux/bpf.h>
#include <linux/types.h>

struct xdp_program {
	__u32 id;		/* 0: none is attached */
	__u32 flags;		/* XDP_FLAGS_{DRV,SKB,HW}_MODE */
	char name[BPF_OBJ_NAME_LEN];
	int fd;			/* held by xdp_remove(), -1 before */
};

/* 0 or a negative errno. */
int xdp_query(int ifindex, struct xdp_program *program);

/* Takes it off, however it was attached, and holds it for xdp_restore(). 0 or a negative errno. */
int xdp_remove(int ifindex, struct xdp_program *program);

/* 0 or a negative errno; 0 if nothing had been removed. */
int xdp_restore(int ifindex, const struct xdp_program *program);

void xdp_release(struct xdp_program *program);

#endif /* NESTWG_XDP_H */
