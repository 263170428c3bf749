// SPDX-License-Identifier: GPL-2.0-only
/* What is done to a packet that is built: IP options, lies in the IP header, fragments of all shapes. */
#include <string.h>

#include "netfilter_packet.h"
#include "packet_words.h"

#define IP_HEADER	20
#define NIC_ROOM	1480	/* of a fragment, after its IP header */

static unsigned int header_len(const struct bytes *ip)
{
	unsigned int len = (ip->data[0] & 15) * 4;

	return len < IP_HEADER || len > ip->len ? IP_HEADER : len;
}

void repair_ip_checksum(struct bytes *ip)
{
	unsigned int len = header_len(ip);
	__u32 sum = 0;

	if (ip->len < len)
		return;
	put16(ip->data + 10, 0);
	for (unsigned int i = 0; i < len; i += 2)
		sum += ip->data[i] << 8 | ip->data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip->data + 10, ~sum);
}

/* RFC 791's, RFC 2113's router alert, RFC 1108's and CIPSO's security, and some that nobody has. */
static void put_options(__u8 *at, unsigned int room, __u32 *random)
{
	static const __u8 kinds[] = { 7, 68, 131, 137, 148, 130, 134, 25, 82, 30 };
	__u8 kind = kinds[pick(random, sizeof(kinds))];
	unsigned int len = room - pick(random, room / 4);

	memset(at, 0, room);
	if (chance(random, 8)) {
		for (unsigned int i = 0; i < room; i++)
			at[i] = random_next(random) >> 9;
		return;
	}
	if (kind == 148)
		len = 4;
	/* A record's length: 3 and whole addresses. */
	if (kind == 7 || kind == 131 || kind == 137)
		len = 3 + (len - 3) / 4 * 4;
	if (kind == 68)
		len = 4 + (len - 4) / 4 * 4;
	at[0] = kind;
	at[1] = chance(random, 20) ? random_next(random) : len;
	if (room < 3 || kind == 148)
		return;
	at[2] = kind == 68 ? 5 : 4;
	if (chance(random, 6))
		at[2] += 4 * pick(random, 4);
	for (unsigned int i = 4; i < len; i++)
		at[i] = chance(random, 2) ? 0 : random_next(random) >> 9;
	if (kind == 68)
		at[3] = (__u8[]){ 0, 1, 3 }[pick(random, 3)];
}

void mutate(struct bytes *ip, __u32 *random)
{
	unsigned int header = header_len(ip);

	if (header > IP_HEADER && !chance(random, 4))
		put_options(ip->data + IP_HEADER, header - IP_HEADER, random);
	if (chance(random, 100))
		ip->data[6] |= 0x80;	/* RFC 3514 */
	if (chance(random, 60))
		put16(ip->data + 2, ip->len + pick(random, 80) - 40);
	if (chance(random, 150))
		put16(ip->data + 2, random_next(random));
	if (chance(random, 150))
		ip->data[0] = random_next(random) >> 5;
	repair_ip_checksum(ip);
	if (chance(random, 60))
		ip->data[10] ^= 1 + pick(random, 255);
}

static void put_piece(const struct bytes *ip, struct probe *probe, unsigned int at,
		      unsigned int len, bool more)
{
	unsigned int header = header_len(ip);
	struct bytes *piece;

	if (probe->count == PIECES_MAX)
		return;
	piece = &probe->packets[probe->count++];
	memcpy(piece->data, ip->data, header);
	memcpy(piece->data + header, ip->data + header + at, len);
	piece->len = header + len;
	put16(piece->data + 2, piece->len);
	put16(piece->data + 6, (ip->data[6] & 0xc0) << 8 | (more ? 0x2000 : 0) | at / 8);
	repair_ip_checksum(piece);
}

static void swap_pieces(struct probe *probe, unsigned int a, unsigned int b)
{
	static struct bytes piece;

	piece = probe->packets[a];
	probe->packets[a] = probe->packets[b];
	probe->packets[b] = piece;
}

/* Out of order, twice, missing, overlapping, or with lengths that reassembly rounds. */
static void disturb(const struct bytes *ip, struct probe *probe, unsigned int size, __u32 *random)
{
	unsigned int rest = ip->len - header_len(ip);
	unsigned int which = pick(random, probe->count);
	unsigned int at = 8 * pick(random, rest / 8 + 1);

	switch (pick(random, 7)) {
	case 0:
		for (unsigned int i = 0; i < probe->count; i++)
			swap_pieces(probe, i, pick(random, probe->count));
		return;
	case 1:
		for (unsigned int i = 0; i < probe->count / 2; i++)
			swap_pieces(probe, i, probe->count - 1 - i);
		return;
	case 2:
		if (probe->count < PIECES_MAX)
			probe->packets[probe->count++] = probe->packets[which];
		return;
	case 3:
		swap_pieces(probe, which, probe->count - 1);
		probe->count--;
		return;
	case 4:
		/* Never all of it: that would be another packet. */
		put_piece(ip, probe, at, rest - at < size ? rest - at : size,
			  !at || chance(random, 2));
		swap_pieces(probe, which, probe->count - 1);
		return;
	case 5:
		/* Not a multiple of eight, although more follow. */
		if (probe->packets[which].len > IP_HEADER + 40u) {
			probe->packets[which].len -= 1 + pick(random, 7);
			put16(probe->packets[which].data + 2, probe->packets[which].len);
			repair_ip_checksum(&probe->packets[which]);
		}
		return;
	default:
		return;
	}
}

void cut_up(const struct bytes *ip, struct probe *probe, __u32 *random)
{
	unsigned int rest = ip->len - header_len(ip);
	unsigned int size, first;

	if (ip->len < header_len(ip) + 16)
		return;
	/* Tiny ones, as large as a wire takes, or so many. */
	size = 8 * (chance(random, 3) ? 1 + pick(random, 4) :
		    chance(random, 2) ? NIC_ROOM / 8 - pick(random, 20) :
					1 + rest / 8 / (2 + pick(random, 6)));
	if (size < rest / (PIECES_MAX - 2))
		size = (rest / (PIECES_MAX - 2) + 8) & ~7U;
	if (size > NIC_ROOM - 40)
		size = NIC_ROOM - 40;
	first = chance(random, 8) ? 8 : size;

	probe->count = 0;
	for (unsigned int at = 0; at < rest; at += at ? size : first) {
		unsigned int len = at ? size : first;

		if (len > rest - at)
			len = rest - at;
		put_piece(ip, probe, at, len, at + len < rest);
	}
	/* More are announced than come. */
	if (chance(random, 25)) {
		probe->packets[probe->count - 1].data[6] |= 0x20;
		repair_ip_checksum(&probe->packets[probe->count - 1]);
	}
	if (chance(random, 2))
		disturb(ip, probe, size, random);
}
