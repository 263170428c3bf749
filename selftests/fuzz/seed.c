// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"

#define TAKE_MAX	1700

static const char *directory;
static const char *kind;
static unsigned int number;

void seeds_into(const char *name)
{
	directory = name;
}

void seeds_named(const char *name)
{
	kind = name;
}

unsigned int seeds_written(void)
{
	return number;
}

static void add(struct seed *seed, const void *bytes, unsigned int length)
{
	memcpy(seed->bytes + seed->length, bytes, length);
	seed->length += length;
}

void seed_begin(struct seed *seed, __u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib)
{
	const __u8 world[] = { mode, fault, flags, mtu, fib };

	seed->length = 0;
	add(seed, world, sizeof(world));
}

void seed_put_cut(struct seed *seed, const struct way *way, const struct bytes *packet, __u32 take,
		  __u32 extend)
{
	const __u8 head[] = { way->hook, way->flags, way->mend, way->linear, way->gso_size, way->wait,
			      take, take >> 8, extend, extend >> 8 };

	add(seed, head, sizeof(head));
	add(seed, packet->data, take);
}

/* Long packets are cut here and made up again there; a checksum does not stay as it was then. */
void seed_put(struct seed *seed, const struct way *way, const struct spec *s)
{
	struct bytes packet;
	__u32 take;

	if (way->hook == FROM_HOME)
		build_ip(s, &packet);
	else
		build_frame(s, &packet);
	take = seed->length + packet.len < TAKE_MAX ? packet.len : 100;
	seed_put_cut(seed, way, &packet, take, packet.len - take);
}

void seed_end(const struct seed *seed)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%04u", directory, kind, number++);
	file = fopen(path, "we");
	if (!file || fwrite(seed->bytes, 1, seed->length, file) != seed->length || fclose(file)) {
		perror(path);
		exit(1);
	}
}

void seed_one(__u8 mode, __u8 fault, __u8 flags, __u8 mtu, __u8 fib, const struct way *way,
	      const struct spec *s)
{
	struct seed seed;

	seed_begin(&seed, mode, fault, flags, mtu, fib);
	seed_put(&seed, way, s);
	seed_end(&seed);
}
