/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to hold of every packet, whatever its bytes. A check that does not hold ends the program. */
#ifndef PACKET_CHECK_H
#define PACKET_CHECK_H

#include "packet_input.h"
#include "packet_view.h"

#define BROKEN(...) broken(__FILE__, __LINE__, __VA_ARGS__)

void broken(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* A packet's bytes from its IP header on, as they would be on a wire: checksum completed. */
struct wire {
	__u32 length;
	bool bundle;
	bool partial;		/* the checksum was completed only here */
	__u8 bytes[PACKET_MAX + 64];
};

void wire_of_arrival(const struct arrival_in *in, struct wire *wire);
void wire_of_packet(const struct host_packet *packet, struct wire *wire);

/* What a translation should do. */
struct translation {
	__u32 source, destination;	/* as they are afterwards */
	bool hop;
	__u32 mtu;			/* SYNs; 0: any MSS */
	bool raw;			/* by XDP, which has to guess whether a checksum is partial */
};

void check_translated(const struct wire *in, const struct wire *out, const struct translation *t);

/* OUT is the ICMP error that answers IN, and may be sent. SOURCE: whose it is. */
void check_answer(const struct wire *in, const struct wire *out, __u32 source, __u32 mtu,
		  __u32 segment);

bool may_be_answered(const struct view *view);
bool is_martian(__u32 address);
#endif /* PACKET_CHECK_H */
