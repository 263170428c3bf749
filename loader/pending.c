// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>
#include <unistd.h>

#include "before.h"
#include "hook.h"
#include "pending.h"
#include "pins.h"
#include "state.h"
#include "verbose.h"

#define SECOND	1000000000ULL

/* The guard needs a moment, and in that moment packets need not go to the stack. */
#define GRACE	(3 * SECOND)

static __u64 boot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * SECOND + (__u64)now.tv_nsec;
}

__u64 pending_deadline(unsigned int seconds)
{
	return boot_now() + seconds * SECOND + GRACE;
}

unsigned int pending_seconds(const struct nestwg_config *config)
{
	__u64 end = boot_now() + GRACE;

	return config->deadline > end ?
	       (unsigned int)((config->deadline - end + SECOND - 1) / SECOND) : 0;
}

bool pending_is_due(const struct nestwg_config *config)
{
	return config->deadline && !pending_seconds(config);
}

bool pending_waits(const char *nic, bool *due)
{
	struct state state;
	bool waits;

	if (state_open(&state, nic))
		return false;
	waits = state.config.deadline;
	if (due)
		*due = pending_is_due(&state.config);
	state_close(&state);
	return waits;
}

bool pending_has_lapsed(const struct nestwg_config *config)
{
	return config->deadline && boot_now() > config->deadline;
}

int pending_settle(const char *nic, bool early)
{
	struct state state;
	bool settle;

	if (state_open(&state, nic))
		return 0;
	settle = state.config.deadline && (early || pending_is_due(&state.config)) &&
		 !hooks_are_elsewhere(nic, &state.config);
	state_close(&state);
	if (!settle)
		return 0;
	did("take back what was not confirmed");
	return before_restore(nic);
}

int pending_take_back(const char *nic, bool early)
{
	int lock = pins_lock();
	int err;

	if (lock < 0)
		return -1;
	err = pending_settle(nic, early);
	close(lock);
	return err;
}
