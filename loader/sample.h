/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of one interface, again and again: what has changed, and how it went lately. */
#ifndef NESTWG_SAMPLE_H
#define NESTWG_SAMPLE_H

#include <time.h>

#include "state.h"

#define HISTORY_MAX 60

struct sampled {
	struct state state;
	__u32 config_map;	/* tells this state from a later one of the same name */
	unsigned long count;	/* of samples; with one of them there are no rates */
	struct timespec when, before;
	struct nestwg_counter now[NESTWG_NR_REASONS], old[NESTWG_NR_REASONS];

	double history[NESTWG_NR_REASONS][HISTORY_MAX];	/* packets/s, a ring */
	unsigned long active[NESTWG_NR_REASONS];	/* the last sample in which it grew */
};

/* 0, or -1 after reporting. */
int sample_open(struct sampled *sampled, const char *nic);
void sample_close(struct sampled *sampled);

/* 0, or a negative errno: -ENODEV when it is no longer attached. */
int sample_take(struct sampled *sampled);

/* Says what sample_take() returned. Always -1. */
int sample_failed(const struct sampled *sampled, int err);

/* Since the sample before; 0 with the first. */
double sample_packet_rate(const struct sampled *sampled, unsigned int reason);
double sample_bit_rate(const struct sampled *sampled, unsigned int reason);

/* Packets a second, so many samples ago; 0 where there is none. */
double sample_history(const struct sampled *sampled, unsigned int reason, unsigned int ago);

#endif /* NESTWG_SAMPLE_H */
