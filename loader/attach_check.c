// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "attach_check.h"
#include "error.h"
#include "hook.h"
#include "pins.h"
#include "programs.h"
#include "state.h"

static int read_old(const char *nic, struct nestwg_config *old)
{
	struct state state;
	bool elsewhere;
	int err;

	memset(old, 0, sizeof(*old));
	if (!pins_exist(nic))
		return 0;
	if (programs_check_maps(nic))
		return -1;
	err = state_open(&state, nic);
	if (err == -ENOENT)
		return 0;
	if (err)
		return fail(nic, "cannot read its pinned maps: %s", strerror(-err));
	if (state.config.attached_at)
		*old = state.config;
	elsewhere = hooks_are_elsewhere(nic, &state.config);
	state_close(&state);
	if (elsewhere)
		return fail(nic, "is attached in another network namespace; `" PROGRAM " detach "
			    "%s` there first", nic);
	if (old->attached_at && old->version != NESTWG_STATE_VERSION)
		return fail(nic, "its state was made by another version; `" PROGRAM " detach %s` "
			    "first", nic);
	return 0;
}

int attach_check_old(const struct attach_options *options, struct nestwg_config *old)
{
	int err;

	err = read_old(options->nic, old);
	if (!err && options->save && old->deadline)
		err = fail(options->nic, "--save before it is confirmed? `" PROGRAM " confirm %s` "
			   "first", options->nic);
	return err;
}

/* Another interface can have got the name since. */
static int check_place(const struct plan *plan, const struct nestwg_config *old)
{
	const char *nic = plan->nic.name;

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		struct hook_state state = hook_look(nic, id, old);

		if (state.health == HOOK_ALIVE && id != HOOK_RETURN &&
		    state.ifindex != plan->nic.ifindex)
			return fail(nic, "is attached, but to interface number %d, which has been "
				    "renamed since; `" PROGRAM " detach %s` first", state.ifindex,
				    nic);
	}
	return 0;
}

static int check_xdp(const struct plan *plan, const struct nestwg_config *old, bool replace,
		     struct xdp_program *other)
{
	const char *nic = plan->nic.name;
	struct hook_state ours = hook_look(nic, HOOK_INGRESS, old);
	int err;

	err = xdp_query(plan->nic.ifindex, other);
	if (err)
		return fail(nic, "cannot find out which XDP program it has: %s", strerror(-err));
	if (ours.health == HOOK_ALIVE && other->id == ours.program_id)
		other->id = 0;
	if (!other->id || replace || !plan_wants_xdp(plan))
		return 0;
	return fail(nic, "another XDP program (%s, id %u) is attached; --replace takes its place, "
		    "--mode tc leaves it alone", *other->name ? other->name : "without a name",
		    other->id);
}

int attach_check_plan(const struct plan *plan, const struct attach_options *options,
		      const struct nestwg_config *old, struct xdp_program *other)
{
	int err;

	err = check_place(plan, old);
	return err ? err : check_xdp(plan, old, options->replace, other);
}
