// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "colour.h"
#include "verbose.h"

static bool verbose;

void verbose_set(bool on)
{
	verbose = on;
}

void did(const char *format, ...)
{
	va_list args;

	if (!verbose)
		return;
	/* As in error.c: where both end in one file, the order is that of what happened. */
	fflush(stdout);
	fprintf(stderr, "%s[#]%s ", colour(stderr, COLOUR_DIM), colour(stderr, COLOUR_OFF));
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
