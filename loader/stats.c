// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "error.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "reasons_table.h"
#include "state.h"

const char stats_help[] =
"How many packets went which way, and why: each packet is counted once, so the sum is what\n"
"came in.\n"
"\n"
"  --watch  again each second, with rates, until Ctrl-C\n"
"  --json   a list with one object for each interface: interface, counters; with --watch one\n"
"           line a second\n";

#define NAME_WIDTH	22
#define CLEAR_SCREEN	"\033[H\033[2J"

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "watch", no_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

struct sample {
	struct timespec when;
	struct nestwg_counter counters[NESTWG_NR_REASONS];
};

struct watched {
	struct state state;
	struct sample now, before;	/* the same the first time */
};

struct view {
	struct watched *list;
	size_t count;
	bool json, watch;
};

static int take_sample(struct watched *watched)
{
	int err;

	watched->before = watched->now;
	clock_gettime(CLOCK_MONOTONIC, &watched->now.when);
	err = state_read_counters(&watched->state, watched->now.counters);
	if (!watched->before.when.tv_sec)
		watched->before = watched->now;
	return err ? fail(watched->state.nic, "cannot read its counters: %s", strerror(-err)) : 0;
}

static double seconds_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static void print_totals(const struct watched *watched, unsigned int i)
{
	const struct nestwg_counter *counter = &watched->now.counters[i];

	printf("%-*s %15llu %18llu  %s\n", NAME_WIDTH, reasons[i].name,
	       (unsigned long long)counter->packets, (unsigned long long)counter->bytes,
	       reasons[i].text);
}

static double rate(__u64 before, __u64 now, double seconds)
{
	return seconds > 0 ? (double)(now - before) / seconds : 0;
}

/* 80 columns: 22 + 16 + 12 + 16 + 13 */
static void print_rates(const struct watched *watched, unsigned int i)
{
	double seconds = seconds_between(&watched->before.when, &watched->now.when);
	const struct nestwg_counter *counter = &watched->now.counters[i];
	const struct nestwg_counter *before = &watched->before.counters[i];

	printf("%-*s %15llu %11.0f %15llu %12.3f\n", NAME_WIDTH, reasons[i].name,
	       (unsigned long long)counter->packets,
	       rate(before->packets, counter->packets, seconds),
	       (unsigned long long)counter->bytes,
	       rate(before->bytes, counter->bytes, seconds) * 8 / 1e6);
}

static void print_rows(const struct watched *watched, bool rates, bool zero)
{
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		if (!watched->now.counters[i].packets != zero)
			continue;
		if (rates)
			print_rates(watched, i);
		else
			print_totals(watched, i);
	}
}

static void print_table(const struct watched *watched, bool rates)
{
	printf("%s\n", watched->state.nic);
	if (rates)
		printf("%-*s %15s %11s %15s %12s\n", NAME_WIDTH, "reason", "packets", "packets/s",
		       "bytes", "Mbit/s");
	else
		printf("%-*s %15s %18s  %s\n", NAME_WIDTH, "reason", "packets", "bytes", "meaning");
	print_rows(watched, rates, false);
	if (!rates)
		print_rows(watched, rates, true);
}

static void print_json(const struct view *view)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < view->count; i++) {
		const struct watched *watched = &view->list[i];
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "interface",
				       json_object_new_string(watched->state.nic));
		json_object_object_add(object, "counters", counters_json(watched->now.counters));
		json_object_array_add(list, object);
	}
	puts(json_object_to_json_string_ext(list, view->watch ? JSON_C_TO_STRING_PLAIN :
							       JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
}

static int print_once(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (take_sample(&view->list[i]))
			return -1;
	if (view->json) {
		print_json(view);
	} else {
		if (view->watch && isatty(STDOUT_FILENO))
			fputs(CLEAR_SCREEN, stdout);
		for (size_t i = 0; i < view->count; i++) {
			if (i)
				putchar('\n');
			print_table(&view->list[i], view->watch);
		}
		if (!view->count)
			puts("Not attached to any interface.");
	}
	return fflush(stdout) ? -1 : 0;
}

/*
 * Until a signal says stop. Blocked signals and sigtimedwait() need neither a handler nor a global.
 */
static int watch(const struct view *view)
{
	const struct timespec second = { .tv_sec = 1 };
	sigset_t stop;
	int number;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	do {
		if (print_once(view))
			return -1;
		number = sigtimedwait(&stop, NULL, &second);
	} while (number < 0 && (errno == EAGAIN || errno == EINTR));
	return 0;
}

static int show(struct view *view, const struct pins_names *names)
{
	int err = 0;

	view->list = calloc(names->count + 1, sizeof(*view->list));
	if (!view->list)
		return fail(NULL, "cannot show anything: %s", strerror(errno));
	for (size_t i = 0; !err && i < names->count; i++) {
		err = state_open(&view->list[i].state, names->list[i]);
		if (err)
			fail(names->list[i], "cannot read its counters: %s; see `" PROGRAM
			     " status`", strerror(-err));
		else
			view->count++;
	}
	if (!err)
		err = view->watch ? watch(view) : print_once(view);
	for (size_t i = 0; i < view->count; i++)
		state_close(&view->list[i].state);
	free(view->list);
	return err;
}

int cmd_stats(int argc, char **argv)
{
	struct pins_names names;
	struct view view = {};
	int option, err;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("stats");
		if (option == 'j')
			view.json = true;
		else if (option == 'w')
			view.watch = true;
		else
			return option_error("stats", argv, option);
	}
	if (optind + 1 < argc)
		return usage_error("stats", "unexpected argument '%s'", argv[optind + 1]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	if (preflight_rights() || pins_choose(&names, argv[optind]))
		return EXIT_FAILURE;
	err = show(&view, &names);
	pins_names_free(&names);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
