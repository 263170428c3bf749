// SPDX-License-Identifier: GPL-2.0-only
/* The packet path, compiled for the host. */
#include "../../bpf/nestwg.bpf.c"

#include "host.h"

#define HOST_MAP(name) { \
	.map = &(name), \
	.type = sizeof(*(name).type) / sizeof(int), \
	.entries = sizeof(*(name).max_entries) / sizeof(int), \
	.key_size = sizeof(*(name).key), \
	.value_size = sizeof(*(name).value), \
}

const struct host_map host_maps[NR_MAPS] = {
	[MAP_CONFIG] = HOST_MAP(config),
	[MAP_PORTS] = HOST_MAP(ports),
	[MAP_PROTOCOLS] = HOST_MAP(protocols),
	[MAP_ADDRESSES] = HOST_MAP(addresses),
	[MAP_FLOWS] = HOST_MAP(flows),
	[MAP_FRAGMENTS] = HOST_MAP(fragments),
	[MAP_COUNTERS] = HOST_MAP(counters),
	[MAP_ANSWERS] = HOST_MAP(answers),
	[MAP_WATCHER] = HOST_MAP(watcher),
	[MAP_NEXT_HOPS] = HOST_MAP(next_hops),
};
