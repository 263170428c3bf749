/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_INIT_KEYS_H
#define NESTWG_INIT_KEYS_H

/* One for each end of each tunnel: the router has one in both. */
enum init_end {
	INIT_GATEWAY,
	INIT_ROUTER,
	INIT_SERVER,	/* of the private VPN, on the router */
	INIT_PHONE,
	INIT_NR_ENDS,
};

#define INIT_KEY_SIZE	48	/* 44 letters of base64, or what stands for them */

struct init_keys {
	char private[INIT_NR_ENDS][INIT_KEY_SIZE];
	char public[INIT_NR_ENDS][INIT_KEY_SIZE];
};

/* Has `wg` make them. 0, or -1 after reporting. */
int init_keys_make(struct init_keys *keys);

/* "<gateway's private key>": what --dry-run shows in their places. */
void init_keys_name(struct init_keys *keys);

void init_keys_forget(struct init_keys *keys);

#endif /* NESTWG_INIT_KEYS_H */
