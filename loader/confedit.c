// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confedit.h"
#include "confline.h"
#include "exclusions.h"

#define ITEM_MAX 64	/* longer than any SPEC */

struct output {
	FILE *file;
	char *text;
	size_t size;
};

static bool output_open(struct output *output)
{
	output->text = NULL;
	output->file = open_memstream(&output->text, &output->size);
	return output->file;
}

static char *output_close(struct output *output)
{
	bool lost = ferror(output->file);

	if (fclose(output->file) == 0 && !lost)
		return output->text;
	free(output->text);
	return NULL;
}

static void put(struct output *output, struct span span)
{
	fwrite(span.start, 1, span_length(span), output->file);
}

/* What was parsed before parses again. */
static bool item_spec(struct span item, struct spec *spec)
{
	char text[ITEM_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)span_length(item), item.start);
	return !spec_parse(text, spec);
}

/* The last port up to which one item of the text has them all, `port` being the first of them. */
static bool find_item(const char *text, uint8_t protocol, uint32_t port, uint32_t *last)
{
	struct conf_line line;
	struct span rest, item;
	struct spec spec;

	for (const char *at = text; conf_line_read(at, &line); at = line.all.end) {
		rest = line.value;
		while (conf_line_is(&line, "Allow") && conf_item_read(&rest, &item)) {
			if (!item_spec(item, &spec) || spec.protocol != protocol ||
			    spec.first > port || spec.last < port)
				continue;
			*last = spec.last;
			return true;
		}
	}
	return false;
}

static bool text_allows(const char *text, const struct spec *wanted)
{
	uint32_t port = wanted->first, last;

	do {
		if (!find_item(text, wanted->protocol, port, &last))
			return false;
		port = last + 1;
	} while (port <= wanted->last);
	return true;
}

/* A last line without its end gets one before another follows. */
static void put_whole_line(struct output *output, const struct conf_line *line)
{
	put(output, line->all);
	if (line->all.end[-1] != '\n')
		fputc('\n', output->file);
}

static void put_setting(struct output *output, const char *key, const char *value)
{
	fprintf(output->file, "%s = %s\n", key, value);
}

static void spec_write(const struct spec *spec, char text[EXCLUSION_TEXT_SIZE])
{
	const struct exclusion exclusion = {
		.protocol = spec->protocol,
		.first = spec->first,
		.last = spec->last,
	};

	exclusion_text(&exclusion, text);
}

/* Behind the last `Allow`, or at the end. */
char *confedit_allow(const char *text, const struct spec *spec)
{
	char item[EXCLUSION_TEXT_SIZE];
	const char *last = NULL;
	struct output output;
	struct conf_line line;

	if (text_allows(text, spec))
		return strdup(text);
	for (const char *at = text; conf_line_read(at, &line); at = line.all.end)
		if (conf_line_is(&line, "Allow"))
			last = at;
	if (!output_open(&output))
		return NULL;
	spec_write(spec, item);
	for (const char *at = text; conf_line_read(at, &line); at = line.all.end) {
		if (at == last || (!last && !*line.all.end))
			put_whole_line(&output, &line);
		else
			put(&output, line.all);
		if (at == last)
			put_setting(&output, "Allow", item);
	}
	if (!last)
		put_setting(&output, "Allow", item);
	return output_close(&output);
}

/* One item more; without an output it is only counted. */
static void put_item(struct output *output, unsigned int *count, struct span item)
{
	if ((*count)++ && output)
		fputs(", ", output->file);
	if (output)
		put(output, item);
}

static void put_range(struct output *output, unsigned int *count, uint8_t protocol, uint16_t first,
		      uint16_t last)
{
	const struct spec spec = { .protocol = protocol, .first = first, .last = last };
	char text[EXCLUSION_TEXT_SIZE];

	spec_write(&spec, text);
	put_item(output, count, (struct span){ text, text + strlen(text) });
}

/* What is left of an item: it, a part, two parts or nothing. */
static void put_rest(struct output *output, unsigned int *count, struct span item,
		     const struct spec *without)
{
	struct spec spec;

	if (!item_spec(item, &spec) || !spec_overlap(&spec, without)) {
		put_item(output, count, item);
		return;
	}
	if (spec.first < without->first)
		put_range(output, count, spec.protocol, spec.first, (uint16_t)(without->first - 1));
	if (spec.last > without->last)
		put_range(output, count, spec.protocol, (uint16_t)(without->last + 1), spec.last);
}

static unsigned int put_items(struct output *output, struct span value, const struct spec *without)
{
	unsigned int count = 0;
	struct span item;

	while (conf_item_read(&value, &item))
		put_rest(output, &count, item, without);
	return count;
}

static bool line_overlaps(const struct conf_line *line, const struct spec *wanted)
{
	struct span rest = line->value, item;
	struct spec spec;

	if (!conf_line_is(line, "Allow"))
		return false;
	while (conf_item_read(&rest, &item))
		if (item_spec(item, &spec) && spec_overlap(&spec, wanted))
			return true;
	return false;
}

/* A line that says nothing any more goes, its comment stays. */
static void put_line_without(struct output *output, const struct conf_line *line,
			     const struct spec *without)
{
	const char *comment = memchr(line->value.end, '#',
				     (size_t)(line->all.end - line->value.end));

	if (put_items(NULL, line->value, without)) {
		put(output, (struct span){ line->all.start, line->value.start });
		put_items(output, line->value, without);
		put(output, (struct span){ line->value.end, line->all.end });
	} else if (comment) {
		put(output, (struct span){ comment, line->all.end });
	}
}

char *confedit_disallow(const char *text, const struct spec *spec)
{
	struct output output;
	struct conf_line line;

	if (!output_open(&output))
		return NULL;
	for (const char *at = text; conf_line_read(at, &line); at = line.all.end) {
		if (line_overlaps(&line, spec))
			put_line_without(&output, &line, spec);
		else
			put(&output, line.all);
	}
	return output_close(&output);
}

/* "#Key = ...", as the file is first written for what has a default. */
static bool is_commented_out(const struct conf_line *line, const char *key)
{
	size_t length = strlen(key);
	const char *text = line->all.start;

	return span_empty(line->text) && *text == '#' &&
	       strncmp(text + 1, key, length) == 0 && strncmp(text + 1 + length, " = ", 3) == 0;
}

/* The line to set it in, NULL if there is none. */
static const char *find_place(const char *text, const char *key)
{
	const char *commented_out = NULL;
	struct conf_line line;

	for (const char *at = text; conf_line_read(at, &line); at = line.all.end) {
		if (conf_line_is(&line, key))
			return at;
		if (!commented_out && is_commented_out(&line, key))
			commented_out = at;
	}
	return commented_out;
}

char *confedit_set(const char *text, const char *key, const char *value)
{
	const char *place = find_place(text, key);
	struct output output;
	struct conf_line line;

	if (!output_open(&output))
		return NULL;
	for (const char *at = text; conf_line_read(at, &line); at = line.all.end) {
		if (at == place && span_empty(line.key)) {
			put_setting(&output, key, value);
		} else if (at == place) {
			put(&output, (struct span){ line.all.start, line.value.start });
			fputs(value, output.file);
			put(&output, (struct span){ line.value.end, line.all.end });
		} else if (!place && !*line.all.end) {
			put_whole_line(&output, &line);
		} else {
			put(&output, line.all);
		}
	}
	if (!place)
		put_setting(&output, key, value);
	return output_close(&output);
}
