// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "colour.h"
#include "format.h"
#include "reasons_table.h"
#include "screen.h"

/* ECMA-48: CUP, EL, ED; and DECTCEM of DEC's VT220, which all terminals know. */
#define HOME		"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"
#define HIDE_CURSOR	"\033[?25l"
#define SHOW_CURSOR	"\033[?25h"

#define PACKETS_WIDTH	11	/* with the blank before it, as all of these */
#define RATE_WIDTH	10
#define BITS_WIDTH	8
#define SPARK_LEAST	8
#define COLUMNS_LEAST	20

struct layout {
	unsigned int columns, rows;
	unsigned int name, spark;	/* widths; spark 0: there is no room for it */
	bool rate, bits;
};

void screen_enter(struct screen *screen, struct wait *wait)
{
	struct termios quiet;

	screen->utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* In the background, the terminal belongs to somebody else. */
	screen->keyboard = tcgetpgrp(STDIN_FILENO) == getpgrp() &&
			   tcgetattr(STDIN_FILENO, &screen->before) == 0;
	wait->keyboard = screen->keyboard ? STDIN_FILENO : -1;
	if (screen->keyboard) {
		quiet = screen->before;
		quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
	}
	fputs(HIDE_CURSOR HOME CLEAR_REST, stdout);
}

void screen_leave(struct screen *screen)
{
	fputs(SHOW_CURSOR "\n", stdout);
	fflush(stdout);
	if (screen->keyboard)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen->before);
}

/* As wide as the longest name asks for, and the last column empty: not all wrap alike after it. */
static struct layout layout_make(const struct sampled *list, size_t count)
{
	struct layout layout = { .columns = 80, .rows = 24, .name = strlen("reason") };
	struct winsize size;
	unsigned int left;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		layout.columns = size.ws_col;
		layout.rows = size.ws_row;
	}
	if (layout.columns < COLUMNS_LEAST)
		layout.columns = COLUMNS_LEAST;
	for (size_t i = 0; i < count; i++)
		for (unsigned int j = 0; j < NESTWG_NR_REASONS; j++)
			if (list[i].now[j].packets && strlen(reasons[j].name) > layout.name)
				layout.name = (unsigned int)strlen(reasons[j].name);
	left = layout.columns - 1 - PACKETS_WIDTH;
	if (layout.name > left)
		layout.name = left;
	left -= layout.name;
	layout.rate = left >= RATE_WIDTH;
	left -= layout.rate ? RATE_WIDTH : 0;
	layout.bits = layout.rate && left >= BITS_WIDTH;
	left -= layout.bits ? BITS_WIDTH : 0;
	if (layout.bits && left > SPARK_LEAST)
		layout.spark = left - 1 < HISTORY_MAX ? left - 1 : HISTORY_MAX;
	return layout;
}

/* Whole where it fits, else with a prefix of the SI. */
static void put_number(FILE *out, unsigned int width, double number, double most)
{
	static const char prefixes[] = "kMGTPE";
	const char *prefix = prefixes;

	if (number < most) {
		fprintf(out, "%*.0f", (int)width, number);
		return;
	}
	number /= 1000;
	while (number >= 999.95 && prefix[1]) {
		number /= 1000;
		prefix++;
	}
	fprintf(out, "%*.1f%c", (int)width - 1, number, *prefix);
}

/* Each row has its own scale, its highest value in view. One packet is more than nothing. */
static void put_spark(FILE *out, const struct screen *screen, const struct sampled *sampled,
		      unsigned int reason, unsigned int width)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char letters[] = " .:-=+*#@";
	double most = 0;

	for (unsigned int ago = 0; ago < width; ago++)
		if (sample_history(sampled, reason, ago) > most)
			most = sample_history(sampled, reason, ago);
	for (unsigned int ago = width; ago--;) {
		double value = sample_history(sampled, reason, ago);
		unsigned int level = value > 0 ? 1 + (unsigned int)(value / most * 7) : 0;

		if (screen->utf8)
			fputs(blocks[level], out);
		else
			fputc(letters[level], out);
	}
}

static void put_row(FILE *out, const struct screen *screen, const struct layout *layout,
		    const struct sampled *sampled, unsigned int reason)
{
	fprintf(out, CLEAR_LINE "%s%-*.*s%s", verdict_colour(reasons[reason].verdict),
		(int)layout->name, (int)layout->name, reasons[reason].name,
		colour(stdout, COLOUR_OFF));
	put_number(out, PACKETS_WIDTH, (double)sampled->now[reason].packets, 1e10);
	if (layout->rate)
		put_number(out, RATE_WIDTH, sample_packet_rate(sampled, reason), 1e6);
	if (layout->bits)
		put_number(out, BITS_WIDTH, sample_bit_rate(sampled, reason), 1e4);
	if (layout->spark) {
		fputc(' ', out);
		put_spark(out, screen, sampled, reason, layout->spark);
	}
}

static void put_heading(FILE *out, const struct layout *layout, const struct sampled *sampled,
			double seconds)
{
	const struct nestwg_config *config = &sampled->state.config;
	char line[128];
	int room = (int)layout->columns - 1;

	snprintf(line, sizeof(line), "%s (%s): %s to %s; every %g s, q ends", sampled->state.nic,
		 mode_name(config->mode), address_text(config->address).s,
		 address_text(config->peer).s, seconds);
	fprintf(out, CLEAR_LINE "%.*s\r\n", room, line);
	fprintf(out, CLEAR_LINE "%s%-*.*s%*s", colour(stdout, COLOUR_DIM), (int)layout->name,
		(int)layout->name, "reason", PACKETS_WIDTH, "packets");
	if (layout->rate)
		fprintf(out, "%*s", RATE_WIDTH, "packets/s");
	if (layout->bits)
		fprintf(out, "%*s", BITS_WIDTH, "bit/s");
	if (layout->spark)
		fprintf(out, " %.*s", (int)layout->spark, "packets/s lately");
	fputs(colour(stdout, COLOUR_OFF), out);
}

/* Of those that are shown the one that has been quiet longest; NESTWG_NR_REASONS: there is none. */
static unsigned int quietest(const struct sampled *sampled, const bool *shown)
{
	unsigned int found = NESTWG_NR_REASONS;

	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++)
		if (shown[i] && (found == NESTWG_NR_REASONS ||
				 sampled->active[i] <= sampled->active[found]))
			found = i;
	return found;
}

/* One interface on at most so many lines, which are at least three. */
static void put_table(FILE *out, const struct screen *screen, const struct layout *layout,
		      const struct sampled *sampled, double seconds, unsigned int lines)
{
	unsigned int count = 0, hidden = 0;
	bool shown[NESTWG_NR_REASONS];

	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		shown[i] = sampled->now[i].packets;
		count += shown[i];
	}
	/* The line that says so takes one, too. */
	for (; count > lines - 2 - (hidden > 0); count--, hidden++)
		shown[quietest(sampled, shown)] = false;

	put_heading(out, layout, sampled, seconds);
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		if (!shown[i])
			continue;
		fputs("\r\n", out);
		put_row(out, screen, layout, sampled, i);
	}
	if (hidden)
		fprintf(out, "\r\n" CLEAR_LINE "%u more: no room", hidden);
	else if (!count)
		fprintf(out, "\r\n" CLEAR_LINE "no packets yet");
}

int screen_draw(const struct screen *screen, const struct sampled *list, size_t count,
		double seconds)
{
	struct layout layout = layout_make(list, count);
	size_t fit = layout.rows / 3 ? layout.rows / 3 : 1, size;
	char *text = NULL;
	FILE *out;

	if (fit > count)
		fit = count;
	/* Written at once: a terminal that is slow shows no half of it. */
	out = open_memstream(&text, &size);
	if (!out)
		return -1;
	fputs(HOME, out);
	for (size_t i = 0; i < fit; i++) {
		if (i)
			fputs("\r\n", out);
		put_table(out, screen, &layout, &list[i], seconds,
			  layout.rows < 3 ? 3 : layout.rows / (unsigned int)fit);
	}
	fputs(CLEAR_REST, out);
	fclose(out);
	fputs(text, stdout);
	free(text);
	return fflush(stdout) ? -1 : 0;
}
