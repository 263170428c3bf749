// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <strings.h>

#include "confline.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span span)
{
	while (span.start < span.end && is_blank(*span.start))
		span.start++;
	while (span.end > span.start && is_blank(span.end[-1]))
		span.end--;
	return span;
}

bool span_empty(struct span span)
{
	return span.start == span.end;
}

size_t span_length(struct span span)
{
	return (size_t)(span.end - span.start);
}

bool conf_line_read(const char *at, struct conf_line *line)
{
	size_t length = strcspn(at, "\n");
	const char *equals;

	if (!*at)
		return false;
	line->all = (struct span){ at, at + length + (at[length] == '\n') };
	line->text = trim((struct span){ at, at + strcspn(at, "#\n") });
	line->key = (struct span){ line->text.start, line->text.start };
	line->value = line->key;
	if (span_empty(line->text))
		return true;
	equals = memchr(line->text.start, '=', span_length(line->text));
	if (!equals)
		return true;
	line->key = trim((struct span){ line->text.start, equals });
	line->value = trim((struct span){ equals + 1, line->text.end });
	return true;
}

bool conf_line_is(const struct conf_line *line, const char *key)
{
	return strlen(key) == span_length(line->key) &&
	       strncasecmp(key, line->key.start, strlen(key)) == 0;
}

bool conf_item_read(struct span *rest, struct span *item)
{
	const char *comma;

	if (!rest->start)
		return false;
	comma = memchr(rest->start, ',', span_length(*rest));
	*item = trim((struct span){ rest->start, comma ? comma : rest->end });
	rest->start = comma ? comma + 1 : NULL;
	return true;
}
