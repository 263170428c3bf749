// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conffile.h"
#include "confline.h"
#include "error.h"
#include "format.h"
#include "netif.h"

#define CONFDIR		"/etc/nestwg-xdp"
#define KEYS		"WireGuard, Peer, Address, Mode, Allow and KeepSSH"

/* FILE:LINE, what a message begins with. */
struct place {
	char text[PATH_MAX + 16];
};

struct reader {
	struct conffile *file;
	struct place place;
	unsigned int line;
};

void conffile_path(char path[PATH_MAX], const char *nic)
{
	const char *directory = getenv("NESTWG_CONFDIR");

	snprintf(path, PATH_MAX, "%s/%s.conf", directory ? directory : CONFDIR, nic);
}

/* The words of the text, ended where `span` ends. */
static char *word(const struct conffile *file, struct span span)
{
	char *start = file->words + (span.start - file->text);

	start[span_length(span)] = '\0';
	return start;
}

static int set_wireguard(struct reader *reader, struct span value)
{
	char *name = word(reader->file, value);

	reader->file->options.wg = name;
	if (netif_name_valid(name))
		return 0;
	return fail(reader->place.text, "WireGuard: no interface can be named '%s'", name);
}

static int set_address(struct reader *reader, const char *key, struct span value, __be32 *address)
{
	const char *text = word(reader->file, value);

	if (host_address_parse(text, address))
		return 0;
	return fail(reader->place.text, "%s '%s': an IPv4 address is wanted, such as 10.0.18.2",
		    key, text);
}

static int set_peer(struct reader *reader, struct span value)
{
	return set_address(reader, "Peer", value, &reader->file->options.peer);
}

static int set_own_address(struct reader *reader, struct span value)
{
	return set_address(reader, "Address", value, &reader->file->options.address);
}

static int set_mode(struct reader *reader, struct span value)
{
	struct attach_options *options = &reader->file->options;
	const char *text = word(reader->file, value);

	options->mode_given = true;
	options->mode = mode_parse(text);
	if (options->mode != NESTWG_NR_MODES)
		return 0;
	return fail(reader->place.text, "Mode '%s': there are auto, native, generic and tc", text);
}

static int set_allow(struct reader *reader, struct span value)
{
	struct spec_list *list = &reader->file->options.allow;
	const char *text, *wrong;
	struct span item;
	struct spec spec;

	while (conf_item_read(&value, &item)) {
		text = word(reader->file, item);
		wrong = spec_parse(text, &spec);
		if (wrong)
			return fail(reader->place.text, "Allow: '%s' is not a SPEC: %s", text,
				    wrong);
		if (spec_list_append(list, &spec))
			return fail(reader->place.text, "cannot remember '%s': %s", text,
				    strerror(errno));
	}
	return 0;
}

static int set_keep_ssh(struct reader *reader, struct span value)
{
	const char *text = word(reader->file, value);
	bool no = strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0;

	reader->file->options.no_ssh = no;
	if (no || strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0)
		return 0;
	return fail(reader->place.text, "KeepSSH '%s': yes or no is wanted", text);
}

static const struct key {
	const char *name;
	int (*set)(struct reader *reader, struct span value);
	bool repeats;
} keys[] = {
	{ "WireGuard", set_wireguard, false },
	{ "Peer", set_peer, false },
	{ "Address", set_own_address, false },
	{ "Mode", set_mode, false },
	{ "Allow", set_allow, true },
	{ "KeepSSH", set_keep_ssh, false },
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static int read_line(struct reader *reader, const struct conf_line *line,
		     unsigned int seen[NR_KEYS])
{
	const char *place = reader->place.text;

	if (span_empty(line->text))
		return 0;
	if (span_empty(line->key))
		return fail(place, "'%s': a line reads `Key = value`; # begins a comment",
			    word(reader->file, line->text));
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (!conf_line_is(line, keys[i].name))
			continue;
		if (span_empty(line->value))
			return fail(place, "%s has no value", keys[i].name);
		if (seen[i] && !keys[i].repeats)
			return fail(place, "%s was given in line %u already", keys[i].name,
				    seen[i]);
		seen[i] = reader->line;
		return keys[i].set(reader, line->value);
	}
	return fail(place, "there is no key '%s'; there are " KEYS, word(reader->file, line->key));
}

static int parse(struct conffile *file)
{
	struct reader reader = { .file = file };
	unsigned int seen[NR_KEYS] = {};
	const char *at = file->text;
	struct conf_line line;
	int err = 0;

	for (; !err && conf_line_read(at, &line); at = line.all.end) {
		snprintf(reader.place.text, sizeof(reader.place.text), "%s:%u", file->path,
			 ++reader.line);
		err = read_line(&reader, &line, seen);
	}
	return err;
}

/* 0, or a negative errno. */
static int read_text(const char *path, char **text)
{
	FILE *file = fopen(path, "re");
	size_t length = 0;
	int err = 0;

	if (!file)
		return -errno;
	*text = malloc(CONFFILE_MAX + 1);
	if (*text) {
		length = fread(*text, 1, CONFFILE_MAX + 1, file);
		err = ferror(file) ? -errno : 0;
	}
	fclose(file);
	if (!*text)
		return -ENOMEM;
	if (!err && length > CONFFILE_MAX)
		err = -EFBIG;
	if (!err && memchr(*text, '\0', length))
		err = -EINVAL;
	if (err) {
		free(*text);
		*text = NULL;
		return err;
	}
	(*text)[length] = '\0';
	return 0;
}

int conffile_read(struct conffile *file, const char *path)
{
	int err;

	memset(file, 0, sizeof(*file));
	snprintf(file->path, sizeof(file->path), "%s", path);
	err = read_text(path, &file->text);
	if (err == -ENOENT)
		return 0;
	if (err)
		return fail(path, "cannot read it: %s", err == -EINVAL ? "it is no text" :
			    strerror(-err));
	file->words = strdup(file->text);
	err = file->words ? parse(file) : fail(path, "cannot read it: %s", strerror(ENOMEM));
	if (err)
		conffile_free(file);
	return err;
}

void conffile_free(struct conffile *file)
{
	spec_list_free(&file->options.allow);
	free(file->text);
	free(file->words);
	file->text = NULL;
	file->words = NULL;
}

int conffile_complete(const struct conffile *file, struct attach_options *options)
{
	const struct attach_options *from = &file->options;

	if (!options->wg)
		options->wg = from->wg;
	if (!options->peer)
		options->peer = from->peer;
	if (!options->address)
		options->address = from->address;
	if (!options->mode_given) {
		options->mode_given = from->mode_given;
		options->mode = from->mode;
	}
	options->no_ssh = options->no_ssh || from->no_ssh;
	for (size_t i = 0; i < from->allow.count; i++)
		if (spec_list_append(&options->allow, &from->allow.specs[i]))
			return fail(file->path, "cannot remember it: %s", strerror(errno));
	return 0;
}
