// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood DEVICE MAC KIND [NAME=VALUE]...: hostile frames out of DEVICE, to the neighbour with that MAC.
 *
 *	flood to-gw 52:54:00:00:00:01 udp-flows count=1000000 flows=1000000 rate=50000
 *
 * Kinds: see flood_kinds.c. Settings:
 *
 *	count=N   frames (default 1000)
 *	rate=N    a second (default 0: as fast as it goes)
 *	flows=N   different senders: 198.18.0.0/15 (RFC 2544's), as many ports as it takes
 *	seed=N    of the bytes that are by chance
 *	to=ADDR   whom it is for (default 192.0.2.10)
 *	from=ADDR one sender for all, a victim of spoofing perhaps (default: FLOWS different ones)
 *	peer=ADDR the home's address in the tunnel (default 10.0.18.2)
 *	port=N    destination port (default 443)
 *
 * Prints "sent N frames in S s (R a second), N refused": refused by the device, and tried again.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "flood.h"

#define BATCH		64
#define NANOSECONDS	1000000000LL

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NANOSECONDS + t.tv_nsec;
}

/* Sleep until the NUMBERth frame is due. */
static void keep_pace(const struct flood *flood, long long begin, unsigned long long number)
{
	struct timespec due;
	long long at;

	if (!flood->rate)
		return;
	at = begin + (long long)(number * (double)NANOSECONDS / flood->rate);
	due.tv_sec = at / NANOSECONDS;
	due.tv_nsec = at % NANOSECONDS;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

/* All COUNT messages; what the device has no room for is tried again. -1: an error. */
static int send_all(const struct flood *flood, struct mmsghdr *messages, unsigned int count,
		    unsigned long long *refused)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	for (unsigned int done = 0; done < count;) {
		int sent = sendmmsg(flood->fd, messages + done, count - done, 0);

		if (sent > 0) {
			done += sent;
			continue;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -1;
		++*refused;
		nanosleep(&moment, NULL);
	}
	return 0;
}

static int run(const struct flood *flood)
{
	static struct frame frames[BATCH];
	struct mmsghdr messages[BATCH] = {};
	struct iovec vectors[BATCH];
	unsigned long long refused = 0;
	long long begin = now();
	double seconds;

	for (unsigned int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned long long number = 0; number < flood->count;) {
		unsigned int n = 0;

		keep_pace(flood, begin, number);
		for (; n < BATCH && number < flood->count; n++, number++) {
			flood_build(flood, number, &frames[n]);
			vectors[n].iov_base = frames[n].bytes;
			vectors[n].iov_len = frames[n].length;
		}
		if (send_all(flood, messages, n, &refused)) {
			perror("flood: sendmmsg");
			return 1;
		}
	}
	seconds = (now() - begin) / (double)NANOSECONDS;
	printf("sent %llu frames in %.1f s (%.0f a second), %llu refused\n", flood->count, seconds,
	       flood->count / seconds, refused);
	return 0;
}

/* Bind to the device NAME, and learn its MAC address: that is where answers are to come. */
static int open_device(struct flood *flood, const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name),
	};
	socklen_t length = sizeof(address);

	flood->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (flood->fd < 0 || !address.sll_ifindex ||
	    bind(flood->fd, (void *)&address, sizeof(address)) ||
	    getsockname(flood->fd, (void *)&address, &length)) {
		perror(name);
		return -1;
	}
	memcpy(flood->own_mac, address.sll_addr, ETH_ALEN);
	return 0;
}

static const struct kind *find_kind(const char *name)
{
	for (const struct kind *kind = kinds; kind->name; kind++)
		if (strcmp(kind->name, name) == 0)
			return kind;
	return NULL;
}

static bool parse_mac(const char *text, unsigned char mac[ETH_ALEN])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5]) == ETH_ALEN;
}

static bool parse_number(const char *text, unsigned long long *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool parse_port(const char *text, unsigned int *port)
{
	unsigned long long number;

	if (!parse_number(text, &number) || number > 65535)
		return false;
	*port = number;
	return true;
}

static bool parse_setting(struct flood *flood, const char *setting)
{
	const char *value = strchr(setting, '=');
	size_t length = value ? (size_t)(value - setting) : 0;
	char name[8] = {};

	if (!length || length >= sizeof(name))
		return false;
	memcpy(name, setting, length);
	value++;
	if (strcmp(name, "count") == 0)
		return parse_number(value, &flood->count);
	if (strcmp(name, "rate") == 0)
		return parse_number(value, &flood->rate);
	if (strcmp(name, "flows") == 0)
		return parse_number(value, &flood->flows) && flood->flows;
	if (strcmp(name, "seed") == 0)
		return parse_number(value, &flood->seed);
	if (strcmp(name, "to") == 0)
		return inet_pton(AF_INET, value, &flood->to) == 1;
	if (strcmp(name, "from") == 0)
		return inet_pton(AF_INET, value, &flood->from) == 1;
	if (strcmp(name, "peer") == 0)
		return inet_pton(AF_INET, value, &flood->peer) == 1;
	return strcmp(name, "port") == 0 && parse_port(value, &flood->port);
}

int main(int argc, char **argv)
{
	struct flood flood = {
		.count = 1000,
		.flows = 1000,
		.to = htonl(0xc000020a),
		.peer = htonl(0x0a001202),
		.port = 443,
	};
	bool good = argc > 3 && parse_mac(argv[2], flood.mac);

	flood.kind = good ? find_kind(argv[3]) : NULL;
	for (int i = 4; flood.kind && good && i < argc; i++)
		good = parse_setting(&flood, argv[i]);
	if (!flood.kind || !good) {
		fprintf(stderr, "usage: flood DEVICE MAC KIND [NAME=VALUE]...\nkinds:");
		for (const struct kind *kind = kinds; kind->name; kind++)
			fprintf(stderr, " %s", kind->name);
		fprintf(stderr, "\n");
		return 2;
	}
	return open_device(&flood, argv[1]) ? 1 : run(&flood);
}
