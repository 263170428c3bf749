// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <string.h>

#include "error.h"
#include "own_addresses.h"

static int note(struct state *state, const struct plan *plan, __be32 address)
{
	const __u8 one = 1;

	if (!address || address == plan->address)
		return 0;
	state->config.address_bits |= nestwg_address_bit(address);
	return bpf_map_update_elem(state->addresses_fd, &address, &one, BPF_ANY);
}

static void forget_others(const struct state *state, const struct plan *plan)
{
	const struct netif_addresses *addresses = &plan->addresses;
	int fd = state->addresses_fd, err;
	__be32 key, next;

	err = bpf_map_get_next_key(fd, NULL, &next);
	while (!err) {
		key = next;
		err = bpf_map_get_next_key(fd, &key, &next);
		if (key == plan->address || (!netif_has_address(addresses, 0, key) &&
					     !netif_has_broadcast(addresses, key)))
			bpf_map_delete_elem(fd, &key);
	}
}

int own_addresses_write(struct state *state, const struct plan *plan)
{
	const struct netif_addresses *addresses = &plan->addresses;
	int err = 0;

	state->config.address_bits = 0;
	for (size_t i = 0; !err && i < addresses->count; i++) {
		err = note(state, plan, addresses->list[i].address);
		if (!err)
			err = note(state, plan, addresses->list[i].broadcast);
	}
	if (err)
		return fail(plan->nic.name, "cannot note the gateway's addresses (%zu, %d fit): %s",
			    addresses->count, NESTWG_ADDRESSES_MAX / 2, strerror(-err));
	forget_others(state, plan);
	return 0;
}
