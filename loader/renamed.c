// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "hook.h"
#include "pins.h"
#include "renamed.h"
#include "state.h"

/* A number alone means nothing: each network namespace has its own. */
bool renamed_to(const char *nic, const struct nestwg_config *config, struct netif *now)
{
	return config->netns && config->netns == netif_namespace() &&
	       !netif_by_index((int)config->nic_ifindex, now) && strcmp(now->name, nic) != 0;
}

bool renamed_from(const char *nic, char old[IFNAMSIZ])
{
	struct pins_names names;
	bool found = false;

	if (pins_exist(nic) || pins_list(&names))
		return false;
	for (size_t i = 0; !found && i < names.count; i++) {
		struct state state;
		struct netif now;

		if (state_open(&state, names.list[i]))
			continue;
		found = renamed_to(names.list[i], &state.config, &now) &&
			strcmp(now.name, nic) == 0 &&
			hook_look(names.list[i], HOOK_LEARN, &state.config).health == HOOK_ALIVE;
		state_close(&state);
		if (found)
			memcpy(old, names.list[i], IFNAMSIZ);
	}
	pins_names_free(&names);
	return found;
}

int renamed_adopt(const char *nic)
{
	char old[IFNAMSIZ] = "";
	int err;

	if (!renamed_from(nic, old))
		return 0;
	err = pins_rename(old, nic);
	if (err)
		return fail(nic, "was attached as %s; cannot rename its pins: %s", old,
			    strerror(-err));
	fprintf(stderr, "%s: was attached as %s, and keeps what that had\n", nic, old);
	return 0;
}
