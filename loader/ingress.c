// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tc program obeys config.flags from one packet to the next, the XDP program comes and goes.
 * Between two modes the flags are the sum of both, so that a packet is judged by at least one of
 * the programs and what XDP has rewritten is still handed over. While XDP comes or goes, XDP_JUDGES
 * is off: tc counts everything that it judges, and at worst a packet for the stack is counted
 * twice, rather than forwarded ones not at all.
 */
#include <linux/if_link.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "format.h"
#include "ingress.h"
#include "verbose.h"

static const __u32 flags_of[NESTWG_NR_MODES] = {
	[NESTWG_MODE_NATIVE] = NESTWG_XDP_REWRITES | NESTWG_XDP_JUDGES,
	[NESTWG_MODE_GENERIC] = NESTWG_XDP_JUDGES | NESTWG_TC_JUDGES,
	[NESTWG_MODE_TC] = NESTWG_TC_JUDGES,
};

static void say_flags(__u32 flags)
{
	did("packets are judged by %s%s%s%s",
	    flags & NESTWG_XDP_REWRITES || flags & NESTWG_XDP_JUDGES ? "XDP" : "",
	    flags & NESTWG_XDP_REWRITES ? " (which rewrites them)" : "",
	    flags & (NESTWG_XDP_REWRITES | NESTWG_XDP_JUDGES) && flags & NESTWG_TC_JUDGES ?
	    " and " : "", flags & NESTWG_TC_JUDGES ? "tc" : "");
}

static int set_flags(const struct ingress *ingress, __u32 flags)
{
	int err;

	ingress->state->config.flags = flags;
	err = state_write_config(ingress->state);
	if (!err)
		say_flags(flags);
	return err;
}

/*
 * Packets that have passed XDP reach tc in the same poll, unless GRO or RPS hold them for a moment.
 */
static void settle(void)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000L };

	nanosleep(&moment, NULL);
}

static enum nestwg_mode mode_now(const struct ingress *ingress)
{
	struct hook_state xdp = hook_look(ingress->hook->nic, HOOK_INGRESS,
					  &ingress->state->config);
	struct xdp_program program;

	if (xdp.health != HOOK_ALIVE || xdp_query(xdp.ifindex, &program))
		return NESTWG_MODE_TC;
	return program.flags & XDP_FLAGS_SKB_MODE ? NESTWG_MODE_GENERIC : NESTWG_MODE_NATIVE;
}

static int judge_in_tc(const struct ingress *ingress, int native_error)
{
	struct nestwg_config *config = &ingress->state->config;

	/* The pin of an interface that has gone. */
	hook_remove_link(ingress->hook->nic, HOOK_INGRESS);
	config->mode = NESTWG_MODE_TC;
	config->native_error = native_error;
	return set_flags(ingress, flags_of[NESTWG_MODE_TC]);
}

static int leave_xdp(const struct ingress *ingress)
{
	__u32 flags = ingress->state->config.flags & ~NESTWG_XDP_JUDGES;
	int err;

	err = set_flags(ingress, flags | NESTWG_TC_JUDGES);
	if (err)
		return err;
	hook_remove_link(ingress->hook->nic, HOOK_INGRESS);
	settle();
	return judge_in_tc(ingress, 0);
}

static int replace_xdp(const struct ingress *ingress, enum nestwg_mode mode)
{
	struct nestwg_config *config = &ingress->state->config;
	int err;

	config->mode = mode;
	config->native_error = 0;
	err = set_flags(ingress, flags_of[mode]);
	return err ? err : hook_put(ingress->hook);
}

static int put_xdp(const struct ingress *ingress, enum nestwg_mode mode)
{
	int ifindex = ingress->hook->ifindex;
	int err;

	if (ingress->other->id) {
		err = xdp_remove(ifindex, ingress->other);
		if (err)
			return err;
	}
	ingress->hook->xdp_flags = mode == NESTWG_MODE_NATIVE ? XDP_FLAGS_DRV_MODE :
								XDP_FLAGS_SKB_MODE;
	err = hook_put(ingress->hook);
	if (!err)
		return 0;
	if (xdp_restore(ifindex, ingress->other))
		warn(ingress->hook->nic, "cannot put back the XDP program %s",
		     ingress->other->name);
	else
		xdp_release(ingress->other);
	return err;
}

static int start_xdp(const struct ingress *ingress, enum nestwg_mode mode)
{
	struct nestwg_config *config = &ingress->state->config;
	const struct nestwg_config before = *config;
	__u32 between = flags_of[mode] | (before.flags & NESTWG_TC_JUDGES);
	int err;

	config->mode = mode;
	config->native_error = 0;
	err = set_flags(ingress, between & ~NESTWG_XDP_JUDGES);
	if (!err)
		err = put_xdp(ingress, mode);
	if (err) {
		*config = before;
		state_write_config(ingress->state);
		return err;
	}
	if (between != flags_of[mode]) {
		set_flags(ingress, between);
		settle();
	}
	return set_flags(ingress, flags_of[mode]);
}

static int fail_xdp(const struct ingress *ingress, int err)
{
	bool native = ingress->plan->mode == NESTWG_MODE_NATIVE;

	return fail(ingress->hook->nic, "cannot attach %s XDP: %s (%s); try --mode tc",
		    mode_name(ingress->plan->mode), native ? "driver refused" : "kernel refused",
		    strerror(-err));
}

/*
 * AUTO: the driver may need what the machine does not have now, such as spare queues or a small
 * MTU.
 */
static int fall_back_to_tc(const struct ingress *ingress, int native_error)
{
	if (ingress->other->id)
		warn(ingress->hook->nic, "the driver refused native XDP (%s); tc mode leaves the "
		     "XDP program %s in its place", strerror(native_error),
		     ingress->other->name);
	return judge_in_tc(ingress, native_error);
}

int ingress_put(const struct ingress *ingress)
{
	enum nestwg_mode now = mode_now(ingress), wanted = ingress->plan->mode;
	int err = 0;

	if (ingress->plan->auto_is_tc)
		wanted = NESTWG_MODE_TC;
	if (now != NESTWG_MODE_TC &&
	    (wanted == now || (wanted == NESTWG_MODE_AUTO && now == NESTWG_MODE_NATIVE))) {
		err = replace_xdp(ingress, now);
		return err ? fail_xdp(ingress, err) : 0;
	}
	if (now != NESTWG_MODE_TC)
		err = leave_xdp(ingress);
	if (!err && wanted == NESTWG_MODE_TC) {
		err = judge_in_tc(ingress, 0);
	} else if (!err) {
		err = start_xdp(ingress, wanted == NESTWG_MODE_AUTO ? NESTWG_MODE_NATIVE : wanted);
		if (err && wanted == NESTWG_MODE_AUTO)
			err = fall_back_to_tc(ingress, -err);
		else if (err)
			return fail_xdp(ingress, err);
	}
	return err ? fail(ingress->hook->nic, "cannot write its configuration: %s",
			  strerror(-err)) : 0;
}
