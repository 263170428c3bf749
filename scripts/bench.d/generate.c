// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send frames out of a veth by BPF_PROG_TEST_RUN with live frames (Linux 5.18): what arrives at its peer looks
 * like what a NIC's driver hands to XDP, with no skb, and is made in a tenth of the time that pktgen needs.
 *
 * Prints how many frames were made. The peer's ring takes 256; what finds it full is lost before it arrived.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"

#define FRAME_MAX	1514
#define BATCH		64
#define TURN		8192	/* frames between two looks at the clock */

struct job {
	struct bench_shape shape;
	const char *dir;
	const char *payload;
	double seconds;
	unsigned long long packets;	/* 0: as many as there is time for */
	unsigned int pause_us;		/* after each batch: for counting losses that are not the ring's */
};

static const struct option options[] = {
	{ "dir", required_argument, NULL, 'd' },
	{ "dev", required_argument, NULL, 'i' },
	{ "to-mac", required_argument, NULL, 'm' },
	{ "from-mac", required_argument, NULL, 'M' },
	{ "client", required_argument, NULL, 'c' },
	{ "server", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' },
	{ "tcp", no_argument, NULL, 't' },
	{ "reply", no_argument, NULL, 'r' },
	{ "flows", required_argument, NULL, 'f' },
	{ "sizes", required_argument, NULL, 'l' },
	{ "payload", required_argument, NULL, 'P' },
	{ "seconds", required_argument, NULL, 'S' },
	{ "packets", required_argument, NULL, 'n' },
	{ "pause", required_argument, NULL, 'u' },
	{}
};

static void die(const char *what, const char *value)
{
	fprintf(stderr, "generate: %s: %s\n", what, value);
	exit(1);
}

static void parse_mac(const char *text, __u8 *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 6)
		die("not a MAC address", text);
}

static void parse_address(const char *text, __be32 *address)
{
	if (inet_pton(AF_INET, text, address) != 1)
		die("not an IPv4 address", text);
}

static void parse_sizes(char *text, struct bench_shape *shape)
{
	char *word;

	shape->sizes = 0;
	for (word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		long size = strtol(word, NULL, 10);

		if (size < 46 || size > FRAME_MAX - ETH_HLEN)
			die("IP packets have 46 to 1500 bytes here", word);
		if (shape->sizes == BENCH_SIZES)
			die("too many sizes", word);
		shape->size[shape->sizes++] = size;
	}
}

static void parse_option(struct job *job, int c)
{
	switch (c) {
	case 'd': job->dir = optarg; break;
	case 'i': job->shape.ifindex = if_nametoindex(optarg); break;
	case 'm': parse_mac(optarg, job->shape.destination_mac); break;
	case 'M': parse_mac(optarg, job->shape.source_mac); break;
	case 'c': parse_address(optarg, &job->shape.client); break;
	case 's': parse_address(optarg, &job->shape.server); break;
	case 'p': job->shape.server_port = htons(strtoul(optarg, NULL, 10)); break;
	case 't': job->shape.protocol = IPPROTO_TCP; break;
	case 'r': job->shape.reply = 1; break;
	case 'f': job->shape.flows = strtoul(optarg, NULL, 10); break;
	case 'l': parse_sizes(optarg, &job->shape); break;
	case 'P': job->payload = optarg; break;
	case 'S': job->seconds = strtod(optarg, NULL); break;
	case 'n': job->packets = strtoull(optarg, NULL, 10); break;
	case 'u': job->pause_us = strtoul(optarg, NULL, 10); break;
	default: exit(2);
	}
}

static int open_pinned(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		die(path, strerror(errno));
	return fd;
}

static size_t frame_size(const struct bench_shape *shape)
{
	__u32 i, max = 0;

	for (i = 0; i < shape->sizes; i++)
		max = shape->size[i] > max ? shape->size[i] : max;
	return max + ETH_HLEN;
}

/* What follows the UDP header: WireGuard's data header for --payload wireguard, else zeros. */
static void fill_payload(const struct job *job, struct bench_shape *shape, __u8 *frame)
{
	static const __u8 wireguard[16] = { 4, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 1 };
	__u16 words[8];
	size_t i;

	if (strcmp(job->payload, "wireguard") != 0)
		return;
	memcpy(frame + ETH_HLEN + 20 + 8, wireguard, sizeof(wireguard));
	memcpy(words, wireguard, sizeof(words));
	for (i = 0; i < 8; i++)
		shape->payload_sum += words[i];
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int send_some(int prog, void *frame, size_t size, __u32 frames)
{
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.data_in = frame,
		.data_size_in = size,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.repeat = frames,
		.batch_size = BATCH,
	);

	return bpf_prog_test_run_opts(prog, &run);
}

static unsigned long long send_all(const struct job *job, int prog, void *frame, size_t size)
{
	double end = seconds_now() + job->seconds;
	__u32 turn = job->pause_us ? BATCH : TURN;
	unsigned long long sent = 0;

	while (job->packets ? sent < job->packets : seconds_now() < end) {
		__u32 frames = turn;

		if (job->packets && job->packets - sent < frames)
			frames = job->packets - sent;
		if (send_some(prog, frame, size, frames))
			die("BPF_PROG_TEST_RUN", strerror(errno));
		sent += frames;
		if (job->pause_us)
			usleep(job->pause_us);
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct job job = {
		.shape = { .protocol = IPPROTO_UDP, .flows = 1 },
		.payload = "zeros",
		.seconds = 1,
	};
	__u8 frame[FRAME_MAX] = {};
	int c, map, prog;
	__u32 zero = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(&job, c);
	if (!job.dir || !job.shape.ifindex || !job.shape.sizes || !job.shape.flows)
		die("needed", "--dir, --dev (that exists), --sizes, --flows");

	fill_payload(&job, &job.shape, frame);
	map = open_pinned(job.dir, "shape");
	prog = open_pinned(job.dir, "generate");
	if (bpf_map_update_elem(map, &zero, &job.shape, BPF_ANY))
		die("map shape", strerror(errno));
	printf("%llu\n", send_all(&job, prog, frame, frame_size(&job.shape)));
	return 0;
}
