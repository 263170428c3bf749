/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading packets that come out, and checksums over all of what they cover. */
#ifndef NETFILTER_VIEW_H
#define NETFILTER_VIEW_H

#include "packet_build.h"
#include "packet_words.h"

struct view {
	__u8 *ip;		/* NULL: no IPv4 packet */
	__u8 *l4;
	unsigned int header;
	unsigned int total;	/* as it says, at most what is there */
	unsigned int l4_len;
	__u8 protocol;
	__u32 source;
	__u32 destination;
	bool later_fragment;
	bool fragment;
};

/* The packet SKIP bytes into BYTES, which may end before the packet does. */
struct view view(struct bytes *bytes, unsigned int skip);
struct view view_quote(const struct view *icmp);	/* of an ICMP error */

void repair_header(const struct view *v);
__u16 sum_of(const __u8 *data, unsigned int len);
/* Over all that the checksums of V say something about; they are true if it is 0xffff. */
__u16 sum_transport(const struct view *v);
__u16 sum_header(const struct view *v);
/* The offset of the checksum with a pseudo header in what follows the IP header, or 0. */
unsigned int checksum_at(__u8 protocol);
/* Write VALUE at AT in V; what lies in a quote is in ICMP's checksum, too. */
void put16_quoted(const struct view *icmp, __u8 *at, __u16 value);
bool is_icmp_error(const struct view *v);

#endif /* NETFILTER_VIEW_H */
