/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that the programs of one interface show to `monitor`. */
#ifndef NESTWG_WATCHER_H
#define NESTWG_WATCHER_H

#include <net/if.h>

#include "nestwg.h"

struct ring_buffer;

typedef void (*watcher_show)(void *context, const struct nestwg_event *event);

struct watcher {
	int lock_fd;			/* one watches at a time */
	struct nestwg_watcher *shared;	/* the live map */
	struct ring_buffer *ring;
	watcher_show show;
	void *context;
};

/*
 * Begin to watch NIC for what WANTED says (its `on`, `until` and `lost` are ignored). 0, or -1 after
 * reporting, also when somebody else watches it.
 */
int watcher_open(struct watcher *watcher, const char *nic, const struct nestwg_watcher *wanted,
		 watcher_show show, void *context);

/*
 * Show what comes within a fifth of a second. Has to be called again and again: the programs forget who
 * does not. 0, or a negative errno.
 */
int watcher_poll(struct watcher *watcher);

/* How many packets could not be shown, because they came too fast. */
unsigned long long watcher_lost(const struct watcher *watcher);

/* Also what watcher_open() left half done. */
void watcher_close(struct watcher *watcher);

#endif /* NESTWG_WATCHER_H */
