/* SPDX-License-Identifier: GPL-2.0-only */
/* `stats --watch` on a terminal: drawn again in the same place, as large as the terminal is. */
#ifndef NESTWG_SCREEN_H
#define NESTWG_SCREEN_H

#include <stdbool.h>
#include <termios.h>

#include "sample.h"
#include "wait.h"

struct screen {
	bool utf8;
	bool keyboard;		/* q is read, and not shown */
	struct termios before;
};

/* Hides the cursor, and tells `wait` where keys are typed. */
void screen_enter(struct screen *screen, struct wait *wait);

/* As it was before, but for what was drawn. */
void screen_leave(struct screen *screen);

/* As many of them as there is room for. 0, or -1 if it could not be written. */
int screen_draw(const struct screen *screen, const struct sampled *list, size_t count,
		double seconds);

#endif /* NESTWG_SCREEN_H */
