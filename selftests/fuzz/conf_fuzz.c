// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration file: the first line of the input is a SPEC, the rest is the file. What can be read can be
 * edited: then it says just that more, or less, and every other line is, byte for byte, as the user wrote it.
 */
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include "confedit.h"
#include "conffile.h"
#include "confline.h"
#include "error.h"
#include "loader_fuzz.h"

#define PORTS	65536

/* All that a file allows. */
struct allowed {
	bool tcp[PORTS], udp[PORTS], protocols[256];
};

/* Can it be read? If not, it is said why. */
static bool read_file(struct conffile *file, const char *text, size_t size)
{
	static char said[16384];
	static int fd = -1;
	char path[32];

	if (fd < 0)
		fd = memfd_create("conf", MFD_CLOEXEC);
	EXPECT(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, text, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error_catch(said, sizeof(said));
	if (conffile_read(file, path)) {
		EXPECT(!file->text && !file->words && !file->options.allow.specs);
		EXPECT(strncmp(said, path, strlen(path)) == 0);
		return false;
	}
	EXPECT(!*said && strlen(text) == size && strcmp(file->text, text) == 0);
	return true;
}

static void mark(struct allowed *allowed, const struct spec *spec, bool value)
{
	bool *ports = spec->protocol == IPPROTO_TCP ? allowed->tcp : allowed->udp;

	if (!spec->first)
		allowed->protocols[spec->protocol] = value;
	for (unsigned int port = spec->first; port && port <= spec->last; port++)
		ports[port] = value;
}

static void mark_all(struct allowed *allowed, const struct spec_list *list)
{
	memset(allowed, 0, sizeof(*allowed));
	for (size_t i = 0; i < list->count; i++)
		mark(allowed, &list->specs[i], true);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void expect_same_options(const struct attach_options *a, const struct attach_options *b)
{
	EXPECT(same_text(a->wg, b->wg) && a->peer == b->peer && a->address == b->address);
	EXPECT(a->mode_given == b->mode_given && a->mode == b->mode && a->no_ssh == b->no_ssh);
}

/* The edited TEXT reads as the file's options say, and as ALLOWED says. */
static void expect_reads(const char *text, const struct attach_options *options,
			 const struct allowed *allowed)
{
	static struct allowed now;
	struct conffile file;

	EXPECT(read_file(&file, text, strlen(text)));
	expect_same_options(&file.options, options);
	mark_all(&now, &file.options.allow);
	EXPECT(memcmp(&now, allowed, sizeof(now)) == 0);
	conffile_free(&file);
}

static bool begins(const char *text, struct span with)
{
	return strncmp(text, with.start, span_length(with)) == 0;
}

static const char *skip_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : text;
}

/* But for the end of the line: a last one without gets it before another follows. */
static bool same_line(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return length == strcspn(b, "\n") && memcmp(a, b, length) == 0;
}

/* AFTER is BEFORE and one line of KEY more, or one that stands in the place of another. */
static void expect_one_line(const char *before, const char *after, const char *key)
{
	struct conf_line line;

	while (*before && same_line(before, after)) {
		before = skip_line(before);
		after = skip_line(after);
	}
	EXPECT(conf_line_read(after, &line) && conf_line_is(&line, key));
	EXPECT(strcmp(line.all.end, before) == 0 || strcmp(line.all.end, skip_line(before)) == 0);
}

static void check_allow(const struct conffile *file, const struct spec *spec)
{
	char *text = confedit_allow(file->text, spec), *again;
	static struct allowed wanted, before;

	EXPECT(text);
	mark_all(&before, &file->options.allow);
	wanted = before;
	mark(&wanted, spec, true);
	expect_reads(text, &file->options, &wanted);
	if (memcmp(&wanted, &before, sizeof(wanted)) == 0) {
		EXPECT(strcmp(text, file->text) == 0);
	} else {
		EXPECT(strlen(text) > strlen(file->text));
		expect_one_line(file->text, text, "Allow");
	}
	again = confedit_allow(text, spec);
	EXPECT(same_text(again, text));
	free(again);
	free(text);
}

/* Does the line allow some of SPEC, and anything else? */
static void line_allows(const struct conf_line *line, const struct spec *spec, bool *some, bool *other)
{
	struct span rest = line->value, item;
	struct spec allowed;
	char *word;

	*some = *other = false;
	while (conf_line_is(line, "Allow") && conf_item_read(&rest, &item)) {
		word = strndup(item.start, span_length(item));
		EXPECT(word && !spec_parse(word, &allowed));
		*some = *some || spec_overlap(&allowed, spec);
		*other = *other || allowed.protocol != spec->protocol ||
			 allowed.first < spec->first || allowed.last > spec->last;
		free(word);
	}
}

/* What is left of a line that SPEC was taken from: how it was written, or its comment. Returns what follows. */
static const char *expect_rest(const char *after, const struct conf_line *line, bool left)
{
	const struct span front = { line->all.start, line->value.start };
	struct span back = { line->value.end, line->all.end };
	const char *end = skip_line(after);

	if (!left) {
		while (back.start < back.end && *back.start != '#')
			back.start++;
		EXPECT(begins(after, back));
		return after + span_length(back);
	}
	EXPECT(begins(after, front));
	after += span_length(front);
	EXPECT(end - after > (ptrdiff_t)span_length(back) && begins(end - span_length(back), back));
	return end;
}

static void expect_without(const char *before, const char *after, const struct spec *spec)
{
	struct conf_line line;
	bool some, left;

	for (; conf_line_read(before, &line); before = line.all.end) {
		line_allows(&line, spec, &some, &left);
		if (some) {
			after = expect_rest(after, &line, left);
		} else {
			EXPECT(begins(after, line.all));
			after += span_length(line.all);
		}
	}
	EXPECT(!*after);
}

static void check_disallow(const struct conffile *file, const struct spec *spec)
{
	char *text = confedit_disallow(file->text, spec), *again;
	static struct allowed wanted;

	EXPECT(text);
	mark_all(&wanted, &file->options.allow);
	mark(&wanted, spec, false);
	expect_reads(text, &file->options, &wanted);
	expect_without(file->text, text, spec);
	again = confedit_disallow(text, spec);
	EXPECT(same_text(again, text));
	free(again);
	free(text);
}

static void check_set(const struct conffile *file, const struct attach_options *wanted,
		      const char *key, const char *value)
{
	char *text = confedit_set(file->text, key, value), *again;
	static struct allowed allowed;

	EXPECT(text);
	mark_all(&allowed, &file->options.allow);
	expect_reads(text, wanted, &allowed);
	if (strcmp(text, file->text) != 0)
		expect_one_line(file->text, text, key);
	again = confedit_set(text, key, value);
	EXPECT(same_text(again, text));
	free(again);
	free(text);
}

/* As `attach --save` does. */
static void check_sets(const struct conffile *file)
{
	struct attach_options wanted = file->options;

	wanted.wg = "wg7";
	check_set(file, &wanted, "WireGuard", wanted.wg);
	wanted = file->options;
	wanted.mode_given = true;
	wanted.mode = NESTWG_MODE_TC;
	check_set(file, &wanted, "Mode", "tc");
	wanted = file->options;
	wanted.no_ssh = true;
	check_set(file, &wanted, "KeepSSH", "no");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *body = text + strcspn(text, "\n");
	struct conffile file;
	struct spec spec;

	if (*body)
		*body++ = '\0';
	if (read_file(&file, body, size - (size_t)(body - text))) {
		if (!spec_parse(text, &spec)) {
			check_allow(&file, &spec);
			check_disallow(&file, &spec);
		}
		check_sets(&file);
		conffile_free(&file);
	}
	free(text);
	return 0;
}
