// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"

/* ECMA-48, section 8.3.117 (SGR) */
static const char *const sequences[] = {
	[COLOUR_OFF] = "\033[0m",
	[COLOUR_DIM] = "\033[2m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_WARN] = "\033[33m",
	[COLOUR_BAD] = "\033[31m",
};

static bool has_colours(FILE *out)
{
	const char *off = getenv("NO_COLOR"), *terminal = getenv("TERM");

	/* no-color.org: "when present and not an empty string". */
	return !(off && *off) && terminal && strcmp(terminal, "dumb") != 0 && isatty(fileno(out));
}

const char *colour(FILE *out, enum colour colour)
{
	return has_colours(out) ? sequences[colour] : "";
}
