// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "colour.h"
#include "commands.h"
#include "driver.h"
#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "json_add.h"
#include "netif.h"
#include "pending.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "reasons_table.h"
#include "renamed.h"
#include "reports.h"
#include "status_json.h"

const char status_help[] =
"What is attached where, what stays on the gateway, how many packets went which way, and what is\n"
"wrong, if something is. Nothing attached is not an error.\n"
"\n"
"  --json  a list with one object for each interface: interface, complete, mode, mode_wanted,\n"
"          mode_reason, native_error, hooks, address, peer, wireguard, exclusions, own_flows,\n"
"          attached_at, taken_back_in (seconds, as long as it has to be confirmed, else null),\n"
"          counters (all of them, also those that are zero), problems\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static void print_mode(const struct report *report)
{
	char reason[DRIVER_TEXT_SIZE];

	driver_mode_reason(report->name, &report->state.config, reason);
	printf("  mode: %s", mode_name(report->state.config.mode));
	if (*reason)
		printf(" (%s)", reason);
	putchar('\n');
}

static void print_pending(const struct report *report)
{
	const struct nestwg_config *config = &report->state.config;

	if (config->deadline && !pending_has_lapsed(config))
		printf("  %snot confirmed yet%s: taken back in %u s; `" PROGRAM " confirm %s` keeps "
		       "it\n", colour(stdout, COLOUR_WARN), colour(stdout, COLOUR_OFF),
		       pending_seconds(config), report->name);
}

static void print_hooks(const struct report *report)
{
	const char *separator = "";

	printf("  hooks: ");
	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		if (report->hooks[id].health != HOOK_ALIVE)
			continue;
		printf("%s%s (%s%s)", separator, hook_name(id), hook_where(id),
		       id == HOOK_INGRESS ? "" : report->state.config.tcx ? ", tcx" : ", clsact");
		separator = ", ";
	}
	putchar('\n');
}

static void print_ago(uint64_t then)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t seconds = now > then ? now - then : 0;

	if (!then)
		puts("never");
	else if (seconds < 120)
		printf("%llu seconds ago\n", (unsigned long long)seconds);
	else if (seconds < 7200)
		printf("%llu minutes ago\n", (unsigned long long)seconds / 60);
	else
		printf("%llu hours ago\n", (unsigned long long)seconds / 3600);
}

static void print_tunnel(const struct report *report)
{
	const struct nestwg_config *config = &report->state.config;

	printf("  forwarded address: %s\n", address_text(config->address).s);
	if (report->tunnel.ifindex) {
		printf("  tunnel: %s, MTU %u", report->tunnel.name, report->tunnel.mtu);
		if (report->wg.listen_port)
			printf(", listening port %u", report->wg.listen_port);
		putchar('\n');
	}
	printf("  peer: %s", address_text(config->peer).s);
	if (report->peer && *report->peer->endpoint)
		printf(", endpoint %s", report->peer->endpoint);
	putchar('\n');
	if (report->peer) {
		printf("  latest handshake: ");
		print_ago(report->peer->handshake);
	}
}

static void print_counters(const struct report *report, enum nestwg_origin origin)
{
	bool first = true;

	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		const struct nestwg_counter *counter = &report->counters[i];

		if (reasons[i].origin != origin || !counter->packets)
			continue;
		if (first)
			printf("  from the %s:\n", origin_name(origin));
		first = false;
		printf("    %-22s %llu packets, %llu bytes\n", reasons[i].name,
		       (unsigned long long)counter->packets, (unsigned long long)counter->bytes);
	}
}

static void print_report(const struct report *report)
{
	printf("interface: %s\n", report->name);
	if (report->readable) {
		print_pending(report);
		print_mode(report);
		print_hooks(report);
		print_tunnel(report);
		printf("  stays on the gateway: ");
		exclusions_print(&report->state);
		printf("\n  the gateway's own flows: %u\n", report->own_flows);
		print_counters(report, NESTWG_FROM_WIRE);
		print_counters(report, NESTWG_FROM_HOME);
	}
	for (unsigned int i = 0; i < report->nr_problems; i++)
		printf("  %sPROBLEM%s: %s\n", colour(stdout, COLOUR_BAD),
		       colour(stdout, COLOUR_OFF), report->problems[i]);
}

struct output {
	struct json_object *json;	/* NULL: text */
	size_t count;
};

static void put(const struct report *report, void *data)
{
	struct output *output = data;

	if (output->json) {
		json_object_array_add(output->json, report_json(report));
	} else {
		if (output->count)
			putchar('\n');
		print_report(report);
	}
	output->count++;
}

static int not_attached(const char *nic)
{
	char old[IFNAMSIZ];

	if (netif_name_valid(nic) && renamed_from(nic, old))
		return fail(nic, "was attached as %s; `" PROGRAM " attach %s` puts it all under "
			    "this name", old, nic);
	return fail(nic, PROGRAM " is not attached");
}

static int status(const char *nic, bool json)
{
	struct output output = { .json = json ? json_object_new_array() : NULL };
	int err;

	err = reports_each(nic, put, &output);
	if (!err && nic && !output.count)
		err = not_attached(nic);
	else if (!err && json)
		json_print(json_object_get(output.json));
	else if (!err && !output.count)
		puts("Not attached to any interface.");
	json_object_put(output.json);
	return err;
}

int cmd_status(int argc, char **argv)
{
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("status");
		if (option != 'j')
			return option_error("status", argv, option);
		json = true;
	}
	if (optind + 1 < argc)
		return usage_error("status", "unexpected argument '%s'", argv[optind + 1]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	if (preflight_rights())
		return EXIT_FAILURE;
	return status(argv[optind], json) ? EXIT_FAILURE : EXIT_SUCCESS;
}
