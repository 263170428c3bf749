/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration file's text, line by line: `Key = value`, # begins a comment, in wg-quick's taste.
 * Reader and editor see the same.
 */
#ifndef NESTWG_CONFLINE_H
#define NESTWG_CONFLINE_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *start, *end;
};

struct conf_line {
	struct span all;	/* with its end of line, if it has one */
	struct span text;	/* without comment and blanks around it */
	struct span key;	/* empty: the text, if there is any, has no '=' */
	struct span value;
};

/* The line that begins at `at`, false at the end of the text. */
bool conf_line_read(const char *at, struct conf_line *line);

bool conf_line_is(const struct conf_line *line, const char *key);

/*
 * The next of a value's items, which commas separate. `rest` is what has not been read yet, false
 * when that was the last. An item may be empty.
 */
bool conf_item_read(struct span *rest, struct span *item);

bool span_empty(struct span span);
size_t span_length(struct span span);

#endif /* NESTWG_CONFLINE_H */
