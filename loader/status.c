// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "netif.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "reasons_table.h"
#include "report.h"
#include "status_json.h"

const char status_help[] =
"What is attached where, what stays on the gateway, how many packets went which way, and what is\n"
"wrong, if something is. Nothing attached is not an error.\n"
"\n"
"  --json  a list with one object for each interface: interface, complete, mode, mode_wanted,\n"
"          native_error, hooks, address, peer, wireguard, exclusions, own_flows, attached_at,\n"
"          counters (all of them, also those that are zero), problems\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static void print_mode(const struct nestwg_config *config)
{
	printf("  mode: %s", mode_name(config->mode));
	if (config->native_error)
		printf(" (driver refused native XDP: %s)", strerror(config->native_error));
	putchar('\n');
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
		print_mode(&report->state.config);
		print_hooks(report);
		print_tunnel(report);
		printf("  stays on the gateway: ");
		exclusions_print(&report->state);
		printf("\n  the gateway's own flows: %u\n", report->own_flows);
		print_counters(report, NESTWG_FROM_WIRE);
		print_counters(report, NESTWG_FROM_HOME);
	}
	for (unsigned int i = 0; i < report->nr_problems; i++)
		printf("  PROBLEM: %s\n", report->problems[i]);
}

static void print_all(const struct pins_names *names)
{
	struct report report;

	if (!names->count)
		puts("Not attached to any interface.");
	for (size_t i = 0; i < names->count; i++) {
		if (i)
			putchar('\n');
		report_make(&report, names->list[i]);
		print_report(&report);
		report_free(&report);
	}
}

static void print_all_json(const struct pins_names *names)
{
	struct json_object *list = json_object_new_array();
	struct report report;

	for (size_t i = 0; i < names->count; i++) {
		report_make(&report, names->list[i]);
		json_object_array_add(list, report_json(&report));
		report_free(&report);
	}
	puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
}

int cmd_status(int argc, char **argv)
{
	struct pins_names names;
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
	if (preflight_rights() || pins_choose(&names, argv[optind]))
		return EXIT_FAILURE;
	if (json)
		print_all_json(&names);
	else
		print_all(&names);
	pins_names_free(&names);
	return EXIT_SUCCESS;
}
