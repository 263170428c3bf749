// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pins.h"
#include "state.h"

#define PORTS_SIZE	(NESTWG_PORTS * sizeof(struct nestwg_port))
#define PROTOCOLS_SIZE	(NESTWG_PROTOCOLS * sizeof(struct nestwg_protocol))

static int open_map(const char *nic, const char *name)
{
	char path[PIN_PATH_SIZE];

	pins_path(path, nic, name);
	return bpf_obj_get(path);
}

static void *open_mapped(const char *nic, const char *name, size_t size)
{
	void *memory;
	int fd;

	fd = open_map(nic, name);
	if (fd < 0)
		return NULL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

/* A later version may have made it longer than what we have room for. */
static bool config_fits(int fd)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &length) &&
	       info.value_size == sizeof(struct nestwg_config);
}

static int open_maps(struct state *state, const char *nic)
{
	const __u32 zero = 0;

	state->config_fd = open_map(nic, "config");
	if (state->config_fd < 0)
		return -errno;
	if (!config_fits(state->config_fd))
		return -EINVAL;
	state->addresses_fd = open_map(nic, "addresses");
	if (state->addresses_fd < 0)
		return -errno;
	state->flows_fd = open_map(nic, "flows");
	if (state->flows_fd < 0)
		return -errno;
	state->counters_fd = open_map(nic, "counters");
	if (state->counters_fd < 0)
		return -errno;
	state->ports = open_mapped(nic, "ports", PORTS_SIZE);
	if (!state->ports)
		return -errno;
	state->protocols = open_mapped(nic, "protocols", PROTOCOLS_SIZE);
	if (!state->protocols)
		return -errno;
	return bpf_map_lookup_elem(state->config_fd, &zero, &state->config);
}

void state_init(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->config_fd = -1;
	state->addresses_fd = -1;
	state->flows_fd = -1;
	state->counters_fd = -1;
}

int state_open(struct state *state, const char *nic)
{
	int err;

	state_init(state);
	strncpy(state->nic, nic, sizeof(state->nic) - 1);
	err = open_maps(state, nic);
	if (err)
		state_close(state);
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void state_close(struct state *state)
{
	if (state->ports)
		munmap(state->ports, PORTS_SIZE);
	if (state->protocols)
		munmap(state->protocols, PROTOCOLS_SIZE);
	state->ports = NULL;
	state->protocols = NULL;
	close_fd(&state->config_fd);
	close_fd(&state->addresses_fd);
	close_fd(&state->flows_fd);
	close_fd(&state->counters_fd);
}

__u32 state_config_map(const char *nic)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	int fd = open_map(nic, "config");
	int err;

	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	return err ? 0 : info.id;
}

int state_write_config(struct state *state)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(state->config_fd, &zero, &state->config, BPF_ANY);
}

int state_read_counters(const struct state *state, struct nestwg_counter *counters)
{
	int cpus = libbpf_num_possible_cpus();
	struct nestwg_counter *each;
	int err = 0;

	if (cpus < 0)
		return cpus;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	memset(counters, 0, NESTWG_NR_REASONS * sizeof(*counters));
	for (__u32 reason = 0; !err && reason < NESTWG_NR_REASONS; reason++) {
		err = bpf_map_lookup_elem(state->counters_fd, &reason, each);
		for (int cpu = 0; !err && cpu < cpus; cpu++) {
			counters[reason].packets += each[cpu].packets;
			counters[reason].bytes += each[cpu].bytes;
		}
	}
	free(each);
	return err;
}

unsigned int state_count_flows(const struct state *state)
{
	struct nestwg_flow key, *previous = NULL;
	unsigned int count = 0;

	/* The walk starts again where its last entry has gone: count no more than there can be. */
	while (count < NESTWG_FLOWS_MAX &&
	       bpf_map_get_next_key(state->flows_fd, previous, &key) == 0) {
		previous = &key;
		count++;
	}
	return count;
}
