// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "pins.h"
#include "removal.h"
#include "running.h"
#include "state.h"
#include "tc.h"
#include "verbose.h"

/*
 * From one step to the next, packets are forwarded as they should be or not at all: while XDP goes
 * tc judges, and then nobody. What XDP has rewritten just before is still handed over, or routed.
 */
static void stop_forwarding(struct state *state)
{
	state->config.flags |= NESTWG_TC_JUDGES;
	state->config.flags &= ~(__u32)NESTWG_XDP_JUDGES;
	state_write_config(state);
	hook_remove_link(state->nic, HOOK_INGRESS);
	state->config.flags = 0;
	if (!state_write_config(state))
		did("packets are judged by nobody");
}

int removal_of_pinned(const char *nic)
{
	struct nestwg_config config = {};
	struct state state;
	int err;

	if (!state_open(&state, nic)) {
		config = state.config;
		if (config.flags)
			stop_forwarding(&state);
		state_close(&state);
	}
	for (int id = NR_HOOKS - 1; id >= 0; id--)
		hook_remove_link(nic, (enum hook_id)id);
	running_remove_of(state_config_map(nic));
	if (config.clsact_made & CLSACT_NIC)
		tc_clsact_remove_empty((int)config.nic_ifindex);
	if (config.clsact_made & CLSACT_TUNNEL)
		tc_clsact_remove_empty((int)config.wg_ifindex);
	err = pins_remove(nic);
	return err ? fail(nic, "cannot remove its pins: %s", strerror(-err)) : 0;
}

bool removal_of_strays(const char *nic)
{
	struct running_list all;
	bool found = false;

	if (running_find(&all))
		return false;
	running_drop_pinned(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(all.list[i].netif.name, nic) != 0)
			continue;
		running_remove(&all.list[i]);
		running_remove_of(all.list[i].identity.config_map);
		found = true;
	}
	running_free(&all);
	return found;
}

static bool stays(__u32 program, const __u32 programs[NR_HOOKS])
{
	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		if (programs[id] == program)
			return true;
	return false;
}

void removal_of_others(const char *nic, int ifindex, int tunnel, const __u32 programs[NR_HOOKS])
{
	__u32 map = state_config_map(nic);
	struct running_list all;

	if (running_find(&all))
		return;
	for (size_t i = 0; i < all.count; i++) {
		const struct running *one = &all.list[i];

		if (stays(one->program_id, programs))
			continue;
		if (one->netif.ifindex == ifindex || one->netif.ifindex == tunnel ||
		    (map && one->identity.config_map == map))
			running_remove(one);
	}
	running_free(&all);
}
