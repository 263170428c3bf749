// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "dry_run.h"
#include "error.h"
#include "exclude.h"
#include "exclusions.h"
#include "forecast.h"
#include "format.h"
#include "verbose.h"
#include "xdp_features.h"

static bool stays_in_xdp(const struct nestwg_config *old, const struct plan *plan)
{
	return old->attached_at && old->mode == NESTWG_MODE_NATIVE && !plan->auto_is_tc &&
	       (plan->mode == NESTWG_MODE_NATIVE || plan->mode == NESTWG_MODE_AUTO);
}

static int foresee_mode(struct forecast *forecast, const struct nestwg_config *old)
{
	const struct plan *plan = forecast->plan;
	enum xdp_support support = xdp_support_get(plan->nic.ifindex);

	forecast->mode = mode_name(plan->mode);
	forecast->why = "as asked for";
	if (stays_in_xdp(old, plan)) {
		forecast->mode = "native";
		forecast->why = "as it is now";
		return 0;
	}
	if (plan->mode == NESTWG_MODE_NATIVE && support == XDP_ABSENT)
		return fail(plan->nic.name, "cannot attach native XDP: its driver has none; try "
			    "--mode tc");
	if (plan->mode != NESTWG_MODE_AUTO)
		return 0;
	if (plan->auto_is_tc) {
		forecast->mode = "tc";
		forecast->why = driver_wants_tc(plan->nic.name);
	} else if (support == XDP_ABSENT) {
		forecast->mode = "tc";
		forecast->why = "auto: the driver has no native XDP";
	} else if (support == XDP_PRESENT) {
		forecast->mode = "native";
		forecast->why = "auto: the driver says that it can; if it refuses all the same, tc";
	} else {
		forecast->mode = "native or tc";
		forecast->why = "auto: native if the driver takes it, which this kernel cannot tell "
				"before";
	}
	return 0;
}

/* The rows in memory of our own, filled from the pinned ones, if there are any. */
static int copy_exclusions(struct forecast *forecast, const struct nestwg_config *old)
{
	struct state *state = &forecast->state;
	struct exclusions_copy *copy = calloc(1, sizeof(*copy));
	struct state pinned;

	if (!copy)
		return fail(NULL, "cannot list what would stay: %s", strerror(errno));
	if (old->attached_at && !state_open(&pinned, forecast->plan->nic.name)) {
		exclusions_copy(&pinned, copy);
		state_close(&pinned);
	}
	state_init(state);
	state->ports = copy->ports;
	state->protocols = copy->protocols;
	return 0;
}

static void free_exclusions(struct forecast *forecast)
{
	/* The first member of the copy. */
	free(forecast->state.ports);
}

static int foresee(struct forecast *forecast, const struct nestwg_config *old,
		   const struct ssh_ports *ssh)
{
	const struct plan *plan = forecast->plan;
	int err;

	if (foresee_mode(forecast, old) || copy_exclusions(forecast, old))
		return -1;
	exclude_planned(&forecast->state, plan, forecast->options, ssh, old);
	err = services_get(&forecast->services, plan->nic.name, plan->address);
	if (err)
		return fail("/proc", "cannot list the local services: %s", strerror(-err));
	return 0;
}

int dry_run(const struct plan *plan, const struct attach_options *options,
	    const struct nestwg_config *old, const struct ssh_ports *ssh,
	    const struct xdp_program *other)
{
	struct forecast forecast = {
		.plan = plan,
		.options = options,
		.other = other,
		.upgrade = old->attached_at,
	};
	int err;

	/* Nothing is done. */
	verbose_set(false);
	err = foresee(&forecast, old, ssh);
	if (!err && options->json)
		forecast_print_json(&forecast);
	else if (!err)
		forecast_print(&forecast);
	services_free(&forecast.services);
	free_exclusions(&forecast);
	return err;
}
