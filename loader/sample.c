// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "error.h"
#include "sample.h"

int sample_open(struct sampled *sampled, const char *nic)
{
	int err;

	memset(sampled, 0, sizeof(*sampled));
	err = state_open(&sampled->state, nic);
	if (err)
		return fail(nic, "cannot read its counters: %s; see `" PROGRAM " status`",
			    strerror(-err));
	sampled->config_map = state_config_map(nic);
	return 0;
}

void sample_close(struct sampled *sampled)
{
	state_close(&sampled->state);
}

static double seconds_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static double rate(const struct sampled *sampled, __u64 old, __u64 now)
{
	double seconds = seconds_between(&sampled->before, &sampled->when);

	return sampled->count > 1 && seconds > 0 ? (double)(now - old) / seconds : 0;
}

double sample_packet_rate(const struct sampled *sampled, unsigned int reason)
{
	return rate(sampled, sampled->old[reason].packets, sampled->now[reason].packets);
}

double sample_bit_rate(const struct sampled *sampled, unsigned int reason)
{
	return rate(sampled, sampled->old[reason].bytes, sampled->now[reason].bytes) * 8;
}

double sample_history(const struct sampled *sampled, unsigned int reason, unsigned int ago)
{
	if (ago >= HISTORY_MAX || ago >= sampled->count)
		return 0;
	return sampled->history[reason][(sampled->count - 1 - ago) % HISTORY_MAX];
}

int sample_take(struct sampled *sampled)
{
	int err;

	/* The maps that are open live on without their pins, and so would what they say. */
	if (sampled->count && state_config_map(sampled->state.nic) != sampled->config_map)
		return -ENODEV;
	sampled->before = sampled->when;
	memcpy(sampled->old, sampled->now, sizeof(sampled->old));
	clock_gettime(CLOCK_MONOTONIC, &sampled->when);
	err = state_read_counters(&sampled->state, sampled->now);
	if (err)
		return err;
	sampled->count++;
	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		sampled->history[i][(sampled->count - 1) % HISTORY_MAX] =
			sample_packet_rate(sampled, i);
		if (sampled->now[i].packets != sampled->old[i].packets)
			sampled->active[i] = sampled->count;
	}
	return 0;
}

int sample_failed(const struct sampled *sampled, int err)
{
	if (err == -ENODEV)
		return fail(sampled->state.nic, "was detached meanwhile");
	return fail(sampled->state.nic, "cannot read its counters: %s", strerror(-err));
}
