// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "pins.h"
#include "running.h"
#include "state.h"
#include "tc.h"
#include "verbose.h"
#include "xdp.h"

static int add(struct running_list *all, const struct netif *netif, __u32 program_id, bool clsact)
{
	struct running *list;
	struct identity identity;

	if (!program_id || !identify(program_id, &identity))
		return 0;
	list = reallocarray(all->list, all->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	all->list = list;
	list[all->count++] = (struct running){
		.netif = *netif,
		.identity = identity,
		.program_id = program_id,
		.clsact = clsact,
	};
	return 0;
}

/* HOOK_LEARN stands for egress, HOOK_HANDOFF for ingress. */
static int look_at_tc(const struct netif *netif, enum hook_id side, struct running_list *all)
{
	__u32 ids[TCX_PROGRAMS], count = TCX_PROGRAMS;
	int err;

	err = add(all, netif, tc_filter_program(netif->ifindex, hook_tc_point(side)), true);
	if (bpf_prog_query(netif->ifindex, hook_attach_type(side), 0, NULL, ids, &count))
		return err;
	for (__u32 i = 0; !err && i < count; i++)
		err = add(all, netif, ids[i], false);
	return err;
}

static int look(const struct netif *netif, void *data)
{
	struct running_list *all = data;
	struct xdp_program program;
	int err;

	err = look_at_tc(netif, HOOK_LEARN, all);
	if (!err)
		err = look_at_tc(netif, HOOK_HANDOFF, all);
	if (!err && !xdp_query(netif->ifindex, &program))
		err = add(all, netif, program.id, false);
	return err;
}

int running_find(struct running_list *all)
{
	int err;

	memset(all, 0, sizeof(*all));
	err = netif_each(look, all);
	if (err)
		running_free(all);
	return err;
}

int running_copy(struct running_list *copy, const struct running_list *all)
{
	memset(copy, 0, sizeof(*copy));
	if (!all->count)
		return 0;
	copy->list = calloc(all->count, sizeof(*copy->list));
	if (!copy->list)
		return -ENOMEM;
	memcpy(copy->list, all->list, all->count * sizeof(*copy->list));
	copy->count = all->count;
	return 0;
}

bool running_is_with(const struct running_list *all, const struct running *one, const char *nic)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].netif.name, nic) == 0 &&
		    (all->list[i].netif.ifindex == one->netif.ifindex ||
		     (one->identity.config_map &&
		      all->list[i].identity.config_map == one->identity.config_map)))
			return true;
	return false;
}

void running_free(struct running_list *all)
{
	free(all->list);
	memset(all, 0, sizeof(*all));
}

static void drop(struct running_list *all, __u32 config_map)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (!config_map || all->list[i].identity.config_map != config_map)
			all->list[kept++] = all->list[i];
	all->count = kept;
}

void running_drop_pinned(struct running_list *all)
{
	struct pins_names names;

	if (!all->count || pins_list(&names))
		return;
	for (size_t i = 0; i < names.count; i++)
		drop(all, state_config_map(names.list[i]));
	pins_names_free(&names);
}

void running_remove(const struct running *one)
{
	int fd;

	if (one->clsact) {
		tc_filter_remove(one->netif.ifindex, hook_tc_point(one->identity.hook));
		return;
	}
	fd = link_find(one->netif.ifindex, one->program_id);
	if (fd < 0)
		return;
	if (!bpf_link_detach(fd))
		did("bpf link detach nestwg_%s dev %s", hook_name(one->identity.hook),
		    one->netif.name);
	close(fd);
}

bool running_remove_of(__u32 config_map)
{
	struct running_list all;
	bool found = false;

	if (!config_map || running_find(&all))
		return false;
	for (size_t i = 0; i < all.count; i++) {
		if (all.list[i].identity.config_map != config_map)
			continue;
		running_remove(&all.list[i]);
		found = true;
	}
	running_free(&all);
	return found;
}
