// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "colour.h"
#include "error.h"

void error_say(const char *thing, const char *kind, const char *format, va_list args)
{
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

int fail(const char *thing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_say(thing, "", format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

void warn(const char *thing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_say(thing, "warning: ", format, args);
	va_end(args);
	fputc('\n', stderr);
}
