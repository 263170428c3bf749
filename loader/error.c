// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "colour.h"
#include "error.h"

static struct {
	char *text;	/* NULL: nobody catches what is said */
	size_t size;
} caught;

void error_catch(char *text, size_t size)
{
	caught.text = text;
	caught.size = size;
	if (text)
		*text = '\0';
}

__attribute__((format(printf, 3, 0)))
static void say_into(const char *thing, const char *kind, const char *format, va_list args)
{
	size_t used = strlen(caught.text);

	used += (size_t)snprintf(caught.text + used, caught.size - used, "%s%s%s%s",
				 used ? "\n" : "", thing ? thing : "", thing ? ": " : "", kind);
	if (used < caught.size)
		vsnprintf(caught.text + used, caught.size - used, format, args);
}

void error_say(const char *thing, const char *kind, const char *format, va_list args)
{
	if (caught.text) {
		say_into(thing, kind, format, args);
		return;
	}
	/* What was printed so far comes first, also where both end in one file. */
	fflush(stdout);
	fprintf(stderr, PROGRAM ": ");
	if (thing)
		fprintf(stderr, "%s: ", thing);
	if (*kind)
		fprintf(stderr, "%s%s%s", colour(stderr, COLOUR_WARN), kind,
			colour(stderr, COLOUR_OFF));
	vfprintf(stderr, format, args);
}

/* A line of its own. */
__attribute__((format(printf, 3, 0)))
static void say_line(const char *thing, const char *kind, const char *format, va_list args)
{
	error_say(thing, kind, format, args);
	if (!caught.text)
		fputc('\n', stderr);
}

int fail(const char *thing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(thing, "", format, args);
	va_end(args);
	return -1;
}

void warn(const char *thing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(thing, "warning: ", format, args);
	va_end(args);
}
