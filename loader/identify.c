// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identify.h"

#define MAPS_MAX 64	/* MAX_USED_MAPS in include/linux/bpf_verifier.h */

static bool find_hook(const char *name, enum hook_id *hook)
{
	char ours[BPF_OBJ_NAME_LEN + 8];

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		snprintf(ours, sizeof(ours), "nestwg_%s", hook_name(id));
		if (strcmp(name, ours) == 0) {
			*hook = id;
			return true;
		}
	}
	return false;
}

static bool is_config(__u32 map_id)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_map_get_fd_by_id(map_id);
	int err;

	if (fd < 0)
		return false;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	return !err && strcmp(info.name, "config") == 0;
}

bool identify(__u32 program_id, struct identity *identity)
{
	__u32 maps[MAPS_MAX];
	struct bpf_prog_info info = {
		.map_ids = (uintptr_t)maps,
		.nr_map_ids = MAPS_MAX,
	};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(program_id);
	int err;

	if (fd < 0)
		return false;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	if (err || !find_hook(info.name, &identity->hook))
		return false;
	identity->config_map = 0;
	for (__u32 i = 0; !identity->config_map && i < info.nr_map_ids && i < MAPS_MAX; i++)
		if (is_config(maps[i]))
			identity->config_map = maps[i];
	return true;
}

bool identify_any(enum hook_id hook, __u32 config_map)
{
	struct identity identity;
	__u32 id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0)
		if (identify(id, &identity) && identity.hook == hook &&
		    identity.config_map == config_map)
			return true;
	return false;
}
