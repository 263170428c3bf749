/* SPDX-License-Identifier: GPL-2.0-only */
/* What flood sends, and to whom. */
#ifndef FLOOD_H
#define FLOOD_H

#include <linux/types.h>
#include <net/ethernet.h>

struct kind;

struct flood {
	unsigned long long count, rate, flows, seed;
	__be32 to, from, peer;
	unsigned int port;
	unsigned char mac[ETH_ALEN], own_mac[ETH_ALEN];
	const struct kind *kind;
	int fd;
};

struct frame {
	unsigned char bytes[ETH_FRAME_LEN];
	unsigned int length;
	unsigned long long number;
	unsigned int chance;		/* the same for the same seed and number */
};

struct kind {
	const char *name;
	void (*build)(const struct flood *flood, struct frame *frame);
};

extern const struct kind kinds[];	/* the last one has no name */

/* The NUMBERth frame. */
void flood_build(const struct flood *flood, unsigned long long number, struct frame *frame);

#endif /* FLOOD_H */
