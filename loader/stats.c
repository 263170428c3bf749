// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "error.h"
#include "json_add.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "prometheus.h"
#include "reasons_table.h"
#include "sample.h"
#include "screen.h"
#include "wait.h"

const char stats_help[] =
"How many packets went which way, and why: each packet is counted once, so the sum is what\n"
"came in.\n"
"\n"
"  --watch [SECONDS]  again each second (or so many), with rates, until q or Ctrl-C; without a\n"
"                     terminal one block of lines each time. Reasons without packets are left out\n"
"  --json             a list with one object for each interface: interface, counters; with\n"
"                     --watch, and the time, on one line each time\n"
"  --prometheus       the counters and what else can be measured, for node_exporter's textfile\n"
"                     collector\n"
"  --output FILE      --prometheus goes to this file, which is replaced at once\n";

#define NAME_WIDTH	22
#define SECONDS_MIN	0.1
#define SECONDS_MAX	86400.0

enum {
	OPTION_PROMETHEUS = 256,
	OPTION_OUTPUT,
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "prometheus", no_argument, NULL, OPTION_PROMETHEUS },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "help", no_argument, NULL, 'h' },
	{}
};

struct view {
	bool json, prometheus, help;
	double seconds;		/* 0: once */
	const char *output;	/* NULL: standard output */

	struct sampled *list;
	size_t count;
};

static void print_totals(const struct sampled *sampled, unsigned int i)
{
	printf("%-*s %15llu %18llu  %s\n", NAME_WIDTH, reasons[i].name,
	       (unsigned long long)sampled->now[i].packets,
	       (unsigned long long)sampled->now[i].bytes, reasons[i].text);
}

static void print_table(const struct sampled *sampled)
{
	printf("%s\n%-*s %15s %18s  %s\n", sampled->state.nic, NAME_WIDTH, "reason", "packets",
	       "bytes", "meaning");
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++)
		if (sampled->now[i].packets)
			print_totals(sampled, i);
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++)
		if (!sampled->now[i].packets)
			print_totals(sampled, i);
}

/* With the first sample there is no rate yet. 80 columns: 22 + 16 + 12 + 16 + 13 */
static void print_rates(const struct sampled *sampled, unsigned int i)
{
	char packets[32] = "-", bits[32] = "-";

	if (sampled->count > 1) {
		snprintf(packets, sizeof(packets), "%.0f", sample_packet_rate(sampled, i));
		snprintf(bits, sizeof(bits), "%.3f", sample_bit_rate(sampled, i) / 1e6);
	}
	printf("%-*s %15llu %11s %15llu %12s\n", NAME_WIDTH, reasons[i].name,
	       (unsigned long long)sampled->now[i].packets, packets,
	       (unsigned long long)sampled->now[i].bytes, bits);
}

/* Each block ends with an empty line. */
static void print_rate_table(const struct sampled *sampled)
{
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%FT%T%z", localtime_r(&now, &tm));
	printf("%s %s\n%-*s %15s %11s %15s %12s\n", sampled->state.nic, when, NAME_WIDTH, "reason",
	       "packets", "packets/s", "bytes", "Mbit/s");
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++)
		if (sampled->now[i].packets)
			print_rates(sampled, i);
	putchar('\n');
}

/* Seconds since the epoch, with so many digits as mean something. */
static struct json_object *time_json(void)
{
	struct timespec now;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text, sizeof(text), "%lld.%03ld", (long long)now.tv_sec, now.tv_nsec / 1000000);
	return json_object_new_double_s(strtod(text, NULL), text);
}

static void print_json(const struct view *view)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < view->count; i++) {
		const struct sampled *sampled = &view->list[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "interface", sampled->state.nic);
		if (view->seconds)
			json_object_object_add(object, "time", time_json());
		json_object_object_add(object, "counters", counters_json(sampled->now));
		json_object_array_add(list, object);
	}
	if (view->seconds)
		json_print_line(list);
	else
		json_print(list);
}

/* 0, or what sample_take() said of one that FAILED then is. */
static int take_samples(const struct view *view, const struct sampled **failed)
{
	int err = 0;

	for (size_t i = 0; !err && i < view->count; i++) {
		*failed = &view->list[i];
		err = sample_take(&view->list[i]);
	}
	return err;
}

static int print_once(const struct view *view)
{
	const struct sampled *failed;
	int err = take_samples(view, &failed);

	if (err)
		return sample_failed(failed, err);
	if (view->json) {
		print_json(view);
	} else {
		for (size_t i = 0; i < view->count; i++) {
			if (i && !view->seconds)
				putchar('\n');
			if (view->seconds)
				print_rate_table(&view->list[i]);
			else
				print_table(&view->list[i]);
		}
		if (!view->count)
			puts("Not attached to any interface.");
	}
	return fflush(stdout) ? -1 : 0;
}

/* Counted from the time before, so that the work done in between adds nothing. */
static void add_seconds(struct timespec *when, double seconds)
{
	long ns = when->tv_nsec + (long)((seconds - (double)(time_t)seconds) * 1e9);

	when->tv_sec += (time_t)seconds + ns / 1000000000;
	when->tv_nsec = ns % 1000000000;
}

static int watch_lines(const struct view *view, struct wait *wait)
{
	struct timespec when;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &when);
	do {
		err = print_once(view);
		add_seconds(&when, view->seconds);
	} while (!err && wait_until(wait, &when) != WAIT_STOP);
	return err;
}

/* Until the next sample: drawn again when the terminal has changed. False: stop. */
static bool redraw_until(const struct view *view, struct screen *screen, struct wait *wait,
			 const struct timespec *when)
{
	for (;;) {
		switch (wait_until(wait, when)) {
		case WAIT_TIME:
			return true;
		case WAIT_STOP:
			return false;
		case WAIT_SUSPEND:
			screen_leave(screen);
			raise(SIGSTOP);
			screen_enter(screen, wait);
			break;
		case WAIT_RESIZE:
			break;
		}
		if (screen_draw(screen, view->list, view->count, view->seconds))
			return false;
	}
}

static int watch_screen(const struct view *view, struct wait *wait)
{
	const struct sampled *failed;
	struct screen screen;
	struct timespec when;
	int err;

	screen_enter(&screen, wait);
	clock_gettime(CLOCK_MONOTONIC, &when);
	do {
		err = take_samples(view, &failed);
		if (err || screen_draw(&screen, view->list, view->count, view->seconds))
			break;
		add_seconds(&when, view->seconds);
	} while (redraw_until(view, &screen, wait, &when));
	screen_leave(&screen);
	return err ? sample_failed(failed, err) : 0;
}

static int watch(const struct view *view)
{
	bool screen = !view->json && isatty(STDOUT_FILENO);
	struct wait wait;
	int err;

	if (wait_open(&wait, screen))
		return -1;
	err = screen ? watch_screen(view, &wait) : watch_lines(view, &wait);
	wait_close(&wait);
	return err;
}

static int show(struct view *view, const struct pins_names *names)
{
	int err = 0;

	view->list = calloc(names->count + 1, sizeof(*view->list));
	if (!view->list)
		return fail(NULL, "cannot show anything: %s", strerror(errno));
	for (size_t i = 0; !err && i < names->count; i++) {
		err = sample_open(&view->list[i], names->list[i]);
		view->count += !err;
	}
	if (!err)
		err = view->seconds && view->count ? watch(view) : print_once(view);
	for (size_t i = 0; i < view->count; i++)
		sample_close(&view->list[i]);
	free(view->list);
	return err;
}

/* "1", "0.5": digits, and perhaps a point with more of them. */
static bool parse_seconds(const char *text, double *seconds)
{
	size_t whole = strspn(text, "0123456789"), part = 0;

	if (text[whole] == '.')
		part = 1 + strspn(text + whole + 1, "0123456789");
	if (!whole || part == 1 || text[whole + part] || whole + part > 8)
		return false;
	*seconds = strtod(text, NULL);
	return *seconds >= SECONDS_MIN && *seconds <= SECONDS_MAX;
}

/* `--watch 5` as well as `--watch=5`, which is all that getopt_long() knows. */
static int parse_watch(struct view *view, char **argv)
{
	view->seconds = 1;
	if (!optarg) {
		if (argv[optind] && parse_seconds(argv[optind], &view->seconds))
			optind++;
		else
			view->seconds = 1;
		return 0;
	}
	if (parse_seconds(optarg, &view->seconds))
		return 0;
	return usage_error("stats", "--watch '%s': seconds are wanted, such as 1 or 0.5", optarg);
}

static int parse_options(int argc, char **argv, struct view *view)
{
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			view->help = true;
		else if (option == 'j')
			view->json = true;
		else if (option == OPTION_PROMETHEUS)
			view->prometheus = true;
		else if (option == OPTION_OUTPUT)
			view->output = optarg;
		else if (option != 'w')
			return option_error("stats", argv, option);
		else if (parse_watch(view, argv))
			return EXIT_USAGE;
	}
	if (optind + 1 < argc)
		return usage_error("stats", "unexpected argument '%s'", argv[optind + 1]);
	if (view->prometheus && (view->json || view->seconds))
		return usage_error("stats", "--prometheus goes neither with --json nor with --watch");
	if (view->output && !view->prometheus)
		return usage_error("stats", "--output goes with --prometheus");
	return 0;
}

int cmd_stats(int argc, char **argv)
{
	struct pins_names names;
	struct view view = {};
	int err;

	err = parse_options(argc, argv, &view);
	if (view.help)
		return show_help("stats");
	if (err)
		return err;
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	if (preflight_rights())
		return EXIT_FAILURE;
	if (view.prometheus)
		return prometheus_write(argv[optind], view.output) ? EXIT_FAILURE : EXIT_SUCCESS;
	if (pins_choose(&names, argv[optind]))
		return EXIT_FAILURE;
	err = show(&view, &names);
	pins_names_free(&names);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
