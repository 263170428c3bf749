// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachment.h"
#include "commands.h"
#include "error.h"
#include "hook.h"
#include "netif.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "state.h"

const char detach_help[] =
"Removes the programs, the exclusions and the counters from IFACE. Works as well when the\n"
"interface has gone, or when an attach was killed half-way.\n";

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* Whether a tunnel belongs to some interface that is attached properly. */
static bool tunnel_is_used(int ifindex)
{
	struct pins_names names;
	struct state state;
	bool used = false;

	if (pins_list(&names))
		return true;
	for (size_t i = 0; !used && i < names.count; i++) {
		if (state_open(&state, names.list[i]))
			continue;
		used = state.config.wg_ifindex == (__u32)ifindex;
		state_close(&state);
	}
	pins_names_free(&names);
	return used;
}

static int remove_return_filter(const struct netif *netif, void *found)
{
	if (!tunnel_is_used(netif->ifindex) && hook_remove_filter(HOOK_RETURN, netif->ifindex))
		*(bool *)found = true;
	return 0;
}

/* clsact filters stay when somebody has removed the pins. */
static bool remove_filters(const char *nic)
{
	struct netif netif;
	bool found;

	if (netif_by_name(nic, &netif))
		return false;
	found = hook_remove_filter(HOOK_HANDOFF, netif.ifindex);
	found |= hook_remove_filter(HOOK_LEARN, netif.ifindex);
	if (found)
		netif_each(remove_return_filter, &found);
	return found;
}

static int detach(const char *nic)
{
	bool pinned, filtered;
	int lock, err = 0;

	if (preflight())
		return -1;
	lock = pins_lock();
	if (lock < 0)
		return -1;
	pinned = pins_exist(nic);
	if (pinned)
		err = attachment_remove(nic);
	filtered = remove_filters(nic);
	close(lock);
	if (!pinned && !filtered)
		return fail(nic, PROGRAM " is not attached");
	if (!err)
		printf("%s: detached\n", nic);
	return err;
}

int cmd_detach(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("detach");
		return option_error("detach", argv, option);
	}
	if (optind == argc)
		return usage_error("detach", "which interface is to be detached?");
	if (optind + 1 < argc)
		return usage_error("detach", "unexpected argument '%s'", argv[optind + 1]);
	if (!netif_name_valid(argv[optind]))
		return usage_error("detach", "'%s': no interface can have this name", argv[optind]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	return detach(argv[optind]) ? EXIT_FAILURE : EXIT_SUCCESS;
}
