// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "colour.h"
#include "commands.h"
#include "error.h"
#include "format.h"
#include "json_add.h"
#include "nearest.h"
#include "packet_text.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "reasons_table.h"
#include "spec.h"
#include "state.h"
#include "wait.h"
#include "watcher.h"

const char monitor_help[] =
"Shows packets as they are judged, each with the decision and its reason, until Ctrl-C: what tcpdump\n"
"cannot show, since XDP comes before it. At the end, how many packets there were of each reason,\n"
"also of those that were not shown. Costs nothing while nobody watches.\n"
"\n"
"  --port PORT        source or destination port\n"
"  --proto PROTO      tcp, udp, icmp, gre, ..., or a protocol's number\n"
"  --from ADDR[/LEN]  source address\n"
"  --to ADDR[/LEN]    destination address, as the packet came: from the wire the public one\n"
"  --reason WORD      reasons that contain WORD (`spoofed`), or a decision: stack, tunnel, route,\n"
"                     both, nic, hairpin, answer, drop; may be repeated\n"
"  --sample N         one packet in N, by chance\n"
"  --count N          end after N packets\n"
"  --seconds N        end after N seconds\n"
"  --json             a line with an object for each packet: time, interface, from, reason,\n"
"                     verdict, length, and what its headers say\n";

enum {
	OPTION_PORT = 256,
	OPTION_PROTO,
	OPTION_FROM,
	OPTION_TO,
	OPTION_REASON,
	OPTION_SAMPLE,
	OPTION_COUNT,
	OPTION_SECONDS,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "proto", required_argument, NULL, OPTION_PROTO },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "sample", required_argument, NULL, OPTION_SAMPLE },
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "seconds", required_argument, NULL, OPTION_SECONDS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{}
};

struct monitor {
	struct nestwg_watcher wanted;
	unsigned long count;		/* 0: no end */
	unsigned long seconds;
	bool json;

	char nic[IFNAMSIZ];
	unsigned long shown;
	uint64_t explained;		/* 1 << enum nestwg_reason */
	struct timespec boot;		/* CLOCK_REALTIME when CLOCK_MONOTONIC was zero */
};

static int parse_number(const char *option, unsigned long max, unsigned long *number)
{
	if (number_parse(optarg, 1, max, number))
		return 0;
	return usage_error("monitor", "%s '%s': a number from 1 to %lu is wanted", option, optarg, max);
}

static int parse_port(struct nestwg_watcher *wanted)
{
	unsigned long port;
	int err;

	err = parse_number("--port", UINT16_MAX, &port);
	if (!err)
		wanted->port = htons((uint16_t)port);
	return err;
}

static int parse_protocol(struct nestwg_watcher *wanted)
{
	unsigned long number;
	struct spec spec;

	if (strcmp(optarg, "tcp") == 0)
		wanted->protocol = IPPROTO_TCP;
	else if (strcmp(optarg, "udp") == 0)
		wanted->protocol = IPPROTO_UDP;
	else if (number_parse(optarg, 1, UINT8_MAX, &number))
		wanted->protocol = (uint8_t)number;
	else if (!spec_parse(optarg, &spec) && !spec.first)
		wanted->protocol = spec.protocol;
	else
		return usage_error("monitor", "--proto '%s': tcp, udp, icmp, ipip, gre, esp, ah, sctp or "
				   "a number from 1 to 255 is wanted", optarg);
	return 0;
}

static int parse_network(const char *option, __be32 *address, __be32 *mask)
{
	char text[INET_ADDRSTRLEN + 4];
	unsigned long length = 32;
	char *slash;

	if (strlen(optarg) < sizeof(text)) {
		strcpy(text, optarg);
		slash = strchr(text, '/');
		if (slash)
			*slash = '\0';
		if (address_parse(text, address) &&
		    (!slash || number_parse(slash + 1, 0, 32, &length))) {
			*mask = length ? htonl(UINT32_MAX << (32 - length)) : 0;
			*address &= *mask;
			return 0;
		}
	}
	return usage_error("monitor", "%s '%s': an IPv4 address is wanted, such as 198.51.100.7 or "
			   "198.51.100.0/24", option, optarg);
}

static int parse_reason(struct nestwg_watcher *wanted)
{
	char question[MEANT_SIZE];
	struct nearest nearest;
	uint64_t found = 0;

	nearest_begin(&nearest, optarg);
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		nearest_try(&nearest, reasons[i].name);
		nearest_try(&nearest, verdict_name(reasons[i].verdict));
		if (strcmp(verdict_name(reasons[i].verdict), optarg) == 0 ||
		    (*optarg && strstr(reasons[i].name, optarg)))
			found |= UINT64_C(1) << i;
	}
	if (!found)
		return usage_error("monitor", "--reason '%s': no reason and no decision is called so (`"
				   PROGRAM " stats` lists the reasons)%s", optarg,
				   nearest_question(&nearest, "", question));
	wanted->reasons |= found;
	return 0;
}

static int parse_option(int option, char **argv, struct monitor *monitor)
{
	struct nestwg_watcher *wanted = &monitor->wanted;
	unsigned long number;
	int err;

	switch (option) {
	case OPTION_PORT:
		return parse_port(wanted);
	case OPTION_PROTO:
		return parse_protocol(wanted);
	case OPTION_FROM:
		return parse_network("--from", &wanted->source, &wanted->source_mask);
	case OPTION_TO:
		return parse_network("--to", &wanted->destination, &wanted->destination_mask);
	case OPTION_REASON:
		return parse_reason(wanted);
	case OPTION_SAMPLE:
		err = parse_number("--sample", UINT32_MAX, &number);
		if (!err)
			wanted->sample = (uint32_t)number;
		return err;
	case OPTION_COUNT:
		return parse_number("--count", UINT32_MAX, &monitor->count);
	case OPTION_SECONDS:
		return parse_number("--seconds", UINT32_MAX, &monitor->seconds);
	case OPTION_JSON:
		monitor->json = true;
		return 0;
	default:
		return option_error("monitor", argv, option);
	}
}

/* Events have the time since boot. */
static struct timespec time_of_boot(void)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_MONOTONIC, &up);
	now.tv_sec -= up.tv_sec;
	now.tv_nsec -= up.tv_nsec;
	if (now.tv_nsec < 0) {
		now.tv_sec--;
		now.tv_nsec += 1000000000;
	}
	return now;
}

#define TIME_SIZE 48

static const char *time_text(const struct monitor *monitor, uint64_t time, const char *format,
			     char text[TIME_SIZE])
{
	uint64_t ns = (uint64_t)monitor->boot.tv_nsec + time % 1000000000;
	time_t seconds = monitor->boot.tv_sec + (time_t)(time / 1000000000 + ns / 1000000000);
	struct tm tm;
	size_t used;

	used = strftime(text, TIME_SIZE, format, localtime_r(&seconds, &tm));
	snprintf(text + used, TIME_SIZE - used, ".%06" PRIu64, ns % 1000000000 / 1000);
	return text;
}

static void print_event(struct monitor *monitor, const struct nestwg_event *event)
{
	const struct reason *reason = &reasons[event->reason];
	char when[TIME_SIZE], packet[200];

	/* What a reason means is said once. */
	if (!(monitor->explained >> event->reason & 1))
		printf("# %s: %s\n", reason->name, reason->text);
	monitor->explained |= UINT64_C(1) << event->reason;

	packet_text(event, packet, sizeof(packet));
	printf("%s %s %s len %u %s%s (%s)%s\n", time_text(monitor, event->time, "%H:%M:%S", when),
	       origin_name(reason->origin), packet, event->length,
	       verdict_colour(reason->verdict), reason->name, verdict_name(reason->verdict),
	       colour(stdout, COLOUR_OFF));
}

static void print_event_json(struct monitor *monitor, const struct nestwg_event *event)
{
	const struct reason *reason = &reasons[event->reason];
	struct json_object *object = json_object_new_object();
	char when[TIME_SIZE];

	json_add_text(object, "time", time_text(monitor, event->time, "%Y-%m-%dT%H:%M:%S", when));
	json_add_text(object, "interface", monitor->nic);
	json_add_text(object, "from", origin_name(reason->origin));
	json_add_text(object, "reason", reason->name);
	json_add_text(object, "verdict", verdict_name(reason->verdict));
	json_add_number(object, "length", event->length);
	packet_json(event, object);
	json_print_line(object);
}

static bool has_enough(const struct monitor *monitor)
{
	return monitor->count && monitor->shown >= monitor->count;
}

static void show(void *context, const struct nestwg_event *event)
{
	struct monitor *monitor = context;

	if (has_enough(monitor) || event->reason >= NESTWG_NR_REASONS)
		return;
	monitor->shown++;
	if (monitor->json)
		print_event_json(monitor, event);
	else
		print_event(monitor, event);
}

/* What came while it watched, shown or not: a filter that matches nothing does not hide it. */
static void print_summary(const struct monitor *monitor, const struct nestwg_counter *before,
			  const struct nestwg_counter *after, unsigned long long lost)
{
	const char *separator = "";

	fprintf(stderr, "%s: %lu shown; while watching: ", monitor->nic, monitor->shown);
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		unsigned long long packets = after[i].packets - before[i].packets;

		if (!packets)
			continue;
		fprintf(stderr, "%s%llu %s", separator, packets, reasons[i].name);
		separator = ", ";
	}
	fprintf(stderr, "%s\n", *separator ? "" : "no packet at all");
	if (lost)
		fprintf(stderr, "%s: %llu came too fast to be shown; --sample N or a filter helps\n",
			monitor->nic, lost);
}

static int follow(struct monitor *monitor, struct watcher *watcher, struct wait *wait)
{
	time_t end = time(NULL) + (time_t)monitor->seconds;
	int err = 0;

	while (!err && !wait_stopped(wait) && !has_enough(monitor) &&
	       (!monitor->seconds || time(NULL) < end)) {
		err = watcher_poll(watcher);
		/* Whoever reads it has gone. */
		if (fflush(stdout))
			return -1;
	}
	return err ? fail(monitor->nic, "cannot read its ring buffer: %s", strerror(-err)) : 0;
}

static int run(struct monitor *monitor)
{
	struct nestwg_counter before[NESTWG_NR_REASONS], after[NESTWG_NR_REASONS];
	struct watcher watcher = { .lock_fd = -1 };
	struct wait wait;
	struct state state;
	int err;

	err = state_open(&state, monitor->nic);
	if (!err)
		err = state_read_counters(&state, before);
	if (err)
		return fail(monitor->nic, "cannot read its state: %s; see `" PROGRAM " status`",
			    strerror(-err));
	err = wait_open(&wait, false);
	if (!err)
		err = watcher_open(&watcher, monitor->nic, &monitor->wanted, show, monitor);
	if (!err)
		err = follow(monitor, &watcher, &wait);
	if (!err && !state_read_counters(&state, after))
		print_summary(monitor, before, after, watcher_lost(&watcher));
	watcher_close(&watcher);
	wait_close(&wait);
	state_close(&state);
	return err;
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor monitor = {
		.boot = time_of_boot(),
	};
	struct pins_names names;
	int option, err;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("monitor");
		err = parse_option(option, argv, &monitor);
		if (err)
			return err;
	}
	if (optind + 1 < argc)
		return usage_error("monitor", "unexpected argument '%s'", argv[optind + 1]);
	if (!monitor.wanted.reasons)
		monitor.wanted.reasons = UINT64_MAX;
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	if (preflight_rights())
		return EXIT_FAILURE;
	if (!argv[optind])
		return pins_only(monitor.nic) || run(&monitor) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (pins_choose(&names, argv[optind]))
		return EXIT_FAILURE;
	memcpy(monitor.nic, names.list[0], sizeof(monitor.nic));
	pins_names_free(&names);
	return run(&monitor) ? EXIT_FAILURE : EXIT_SUCCESS;
}
