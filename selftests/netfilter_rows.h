/* SPDX-License-Identifier: GPL-2.0-only */
/* What the table of differences is made of. */
#ifndef NETFILTER_ROWS_H
#define NETFILTER_ROWS_H

#include "netfilter_same.h"
#include "netfilter_view.h"

/* In one's complement 0 and 0xffff are one number. */
static inline bool is_same_sum(__u16 a, __u16 b)
{
	return a % 0xffff == b % 0xffff;
}

/* netfilter_adapt.c */
bool adapt_padding(const struct trial *trial);
bool adapt_home_padding(const struct trial *trial);
bool adapt_mss(const struct trial *trial);
bool adapt_answer(const struct trial *trial);
bool adapt_id(const struct trial *trial);
bool adapt_df(const struct trial *trial);
bool adapt_options(const struct trial *trial);
bool adapt_dccp(const struct trial *trial);
bool adapt_sctp(const struct trial *trial);

/* netfilter_sound.c: what we made of it is right in itself, since netfilter has nothing to compare with. */
bool is_translated(const struct trial *trial);	/* each packet, and nothing else came out */
bool is_answered(const struct trial *trial);	/* an ICMP error to the sender, and nothing else */
bool is_nothing(const struct outcome *outcome);
bool is_kept(const struct trial *trial);	/* only the gateway's stack got it */
bool is_done_right(const struct trial *trial);	/* one of these, but kept */

#endif /* NETFILTER_ROWS_H */
