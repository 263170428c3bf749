/* SPDX-License-Identifier: GPL-2.0-only */
/* Colours: only on a terminal that has them, and never with NO_COLOR (https://no-color.org). */
#ifndef NESTWG_COLOUR_H
#define NESTWG_COLOUR_H

#include <stdio.h>

enum colour {
	COLOUR_OFF,
	COLOUR_DIM,
	COLOUR_GOOD,	/* green */
	COLOUR_WARN,	/* yellow */
	COLOUR_BAD,	/* red */
};

/* What begins this colour (or ends all) on `out`; "" where there are none. */
const char *colour(FILE *out, enum colour colour);

#endif /* NESTWG_COLOUR_H */
