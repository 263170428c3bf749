// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "error.h"
#include "hook.h"
#include "netif.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "removal.h"
#include "renamed.h"
#include "result_json.h"
#include "state.h"
#include "verbose.h"

const char detach_help[] =
"Removes the programs, the exclusions and the counters from IFACE. Works as well when the\n"
"interface has gone or was renamed, when an attach was killed half-way, and when somebody has\n"
"removed the pins.\n"
"\n"
"  --json     say so as an object: interface; action, which is detached\n"
"  --verbose  show each thing that is done to the system\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* 0, 1 if nothing is pinned, or -1 after reporting. */
static int detach_pinned(const char *nic)
{
	struct state state;
	bool elsewhere;

	if (!pins_exist(nic)) {
		/* Killed just before the end, one leaves the directory above. */
		pins_remove(nic);
		return 1;
	}
	if (!state_open(&state, nic)) {
		elsewhere = hooks_are_elsewhere(nic, &state.config);
		state_close(&state);
		if (elsewhere)
			return fail(nic, "is attached in another network namespace; `" PROGRAM
				    " detach %s` there", nic);
	}
	return removal_of_pinned(nic);
}

static int detach(const char *nic, bool json)
{
	int lock, err;

	if (preflight())
		return -1;
	lock = pins_lock();
	if (lock < 0)
		return -1;
	err = renamed_adopt(nic);
	if (!err)
		err = detach_pinned(nic);
	/* Somebody has removed the pins, but not what runs. */
	if (err >= 0 && removal_of_strays(nic))
		err = 0;
	close(lock);
	if (err > 0)
		return fail(nic, PROGRAM " is not attached");
	if (!err && json)
		result_print_name(nic, "detached");
	else if (!err)
		printf("%s: detached\n", nic);
	return err;
}

/* Not even the only one without its name: this takes down what the house is reached by. */
static int which_one(void)
{
	struct pins_names names;
	char text[128] = "";

	/* Who may not look is not told. */
	if (access(PINS_ROOT, R_OK) == 0 && !pins_list(&names)) {
		for (size_t i = 0; i < names.count; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s`" PROGRAM
				 " detach %s`", i ? " or " : " ", names.list[i]);
		pins_names_free(&names);
	}
	return usage_error("detach", "which interface is to be detached?%s", text);
}

int cmd_detach(int argc, char **argv)
{
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("detach");
		if (option == 'j')
			json = true;
		else if (option == 'v')
			verbose_set(true);
		else
			return option_error("detach", argv, option);
	}
	if (optind == argc)
		return which_one();
	if (optind + 1 < argc)
		return usage_error("detach", "unexpected argument '%s'", argv[optind + 1]);
	if (!netif_name_valid(argv[optind]))
		return interface_name_error("detach", "", argv[optind]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	return detach(argv[optind], json) ? EXIT_FAILURE : EXIT_SUCCESS;
}
