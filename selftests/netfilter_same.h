/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what came of a packet the same? If not, is it one of the differences that are meant? */
#ifndef NETFILTER_SAME_H
#define NETFILTER_SAME_H

#include "netfilter_packet.h"

/* What is to be compared. The outcomes are changed on the way. */
struct trial {
	const struct probe *probe;
	bool lenient;			/* the oracle's settings: oracle_set_lenient() */
	enum mode mode;
	struct outcome *oracle;
	struct outcome *subject;
	struct heap *input;		/* IP packets; whole datagrams if REASSEMBLED */
	bool reassembled;
	struct receiver *home[2];	/* who reassembles: of the oracle, of the subject */
};

struct difference {
	const char *name;
	const char *reason;
	/* Makes equal what may differ, in whichever outcome. True: there was something. */
	bool (*adapt)(const struct trial *trial);
	/* The outcomes differ as a whole, and may. */
	bool (*applies)(const struct trial *trial);
};

extern const struct difference differences[];
extern const unsigned int nr_differences;

/* USED[i] counts for which differences[i] was needed. False: they differ otherwise. */
bool is_same(struct trial *trial, unsigned long *used);

void outcome_copy(struct outcome *to, const struct outcome *from);
void outcome_print(const char *what, const struct outcome *outcome);
void print_bytes(const char *what, const struct bytes *bytes);

#endif /* NETFILTER_SAME_H */
