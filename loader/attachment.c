// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attachment.h"
#include "before.h"
#include "driver.h"
#include "error.h"
#include "exclude.h"
#include "exclusions.h"
#include "flows.h"
#include "format.h"
#include "guard.h"
#include "hook.h"
#include "ingress.h"
#include "own_addresses.h"
#include "pending.h"
#include "pins.h"
#include "programs.h"
#include "removal.h"
#include "result_json.h"
#include "state.h"
#include "tc.h"
#include "verbose.h"

struct attachment {
	const struct plan *plan;
	const struct attach_options *options;
	struct programs *programs;
	struct state state;
	struct nestwg_config old;	/* attached_at is 0: nothing was, or not completely */
	struct exclusions_copy *old_exclusions;
	struct hook hooks[NR_HOOKS];
};

static const char *nic_of(const struct attachment *a)
{
	return a->plan->nic.name;
}

static int write_config(struct attachment *a)
{
	int err = state_write_config(&a->state);

	return err ? fail(nic_of(a), "cannot write its configuration: %s", strerror(-err)) : 0;
}

static int load(struct attachment *a)
{
	int err;

	err = pins_make(nic_of(a));
	if (err)
		return fail(nic_of(a), "cannot make a directory in " BPFFS ": %s", strerror(-err));
	a->programs = programs_load(nic_of(a), plan_wants_xdp(a->plan));
	if (!a->programs)
		return -1;
	/*
	 * What runs, and its state, is left alone until all that replaces it is known to be sound; and the
	 * time to confirm does not run before.
	 */
	if ((a->old.attached_at || a->options->confirm) && programs_wait(a->programs, nic_of(a)))
		return -1;
	err = state_open(&a->state, nic_of(a));
	if (err)
		return fail(nic_of(a), "cannot open its pinned maps: %s", strerror(-err));
	return 0;
}

static int exclude(struct attachment *a, const struct ssh_ports *ssh)
{
	a->old_exclusions = exclusions_save(&a->state);
	if (!a->old_exclusions)
		return fail(nic_of(a), "cannot remember its exclusions: %s", strerror(errno));
	exclude_planned(&a->state, a->plan, a->options, ssh, &a->old);
	return 0;
}

/* Only `confirm` confirms: not even another attach. */
static void set_deadline(struct attachment *a)
{
	a->state.config.deadline = a->options->confirm ? pending_deadline(a->options->confirm) :
							 a->old.deadline;
}

/* Before anything is changed: whatever happens to us from here on, it is taken back. */
static int start_guard(struct attachment *a)
{
	set_deadline(a);
	if (!a->state.config.deadline)
		return 0;
	return write_config(a) ? -1 : guard_start(nic_of(a));
}

/* The flags stay: what is judged now goes on being judged, and the first time nothing is. */
static int configure(struct attachment *a)
{
	struct nestwg_config *config = &a->state.config;
	const struct plan *plan = a->plan;

	/*
	 * What we made on an interface that is no longer concerned went with it, or see commit().
	 */
	if (config->nic_ifindex != (__u32)plan->nic.ifindex)
		config->clsact_made &= ~CLSACT_NIC;
	if (config->wg_ifindex != (__u32)plan->tunnel.ifindex)
		config->clsact_made &= ~CLSACT_TUNNEL;
	config->address = plan->address;
	config->peer = plan->peer;
	config->tunnel_address = plan->tunnel_address;
	config->nic_ifindex = (__u32)plan->nic.ifindex;
	config->wg_ifindex = (__u32)plan->tunnel.ifindex;
	memcpy(config->wg_name, plan->tunnel.name, sizeof(config->wg_name));
	config->wg_port = plan->wg.listen_port;
	config->netns = netif_namespace();
	config->version = NESTWG_STATE_VERSION;
	config->mode_wanted = plan->mode;
	if (write_config(a))
		return -1;
	did("forward %s to %s through %s", address_text(config->address).s,
	    address_text(config->peer).s, config->wg_name);
	return 0;
}

static bool has_live_tc_hook(const struct attachment *a)
{
	for (enum hook_id id = 0; id < HOOK_INGRESS; id++)
		if (hook_look(nic_of(a), id, &a->old).health == HOOK_ALIVE)
			return true;
	return false;
}

/* Noted before it is done: killed in between, a qdisc that is ours would stay for ever. */
static int make_clsact(struct attachment *a, const struct netif *netif, __u32 bit)
{
	bool was_ours = a->state.config.clsact_made & bit;
	int err;

	a->state.config.clsact_made |= bit;
	if (write_config(a))
		return -1;
	err = tc_clsact_make(netif->ifindex);
	if (err && err != -EEXIST)
		return fail(netif->name, "cannot make a clsact qdisc: %s; modprobe sch_ingress",
			    strerror(-err));
	if (err != -EEXIST || was_ours)
		return 0;
	a->state.config.clsact_made &= ~bit;
	return write_config(a);
}

static int fail_hook(const struct hook *hook, const struct netif *netif, int err)
{
	return fail(netif->name, "cannot attach nestwg_%s to %s: %s%s", hook_name(hook->id),
		    hook_where(hook->id), strerror(-err),
		    hook->clsact && err == -ENOENT ? "; modprobe cls_bpf" : "");
}

static const struct netif *place_of(const struct attachment *a, enum hook_id id)
{
	return id == HOOK_RETURN ? &a->plan->tunnel : &a->plan->nic;
}

static int put_tc(struct attachment *a, enum hook_id id)
{
	const struct netif *netif = place_of(a, id);
	struct hook *hook = &a->hooks[id];
	int err;

	hook->clsact = !a->state.config.tcx;
	/* The NIC's was made for nestwg_learn, which comes before nestwg_handoff. */
	if (hook->clsact && id != HOOK_HANDOFF &&
	    make_clsact(a, netif, id == HOOK_RETURN ? CLSACT_TUNNEL : CLSACT_NIC))
		return -1;
	err = hook_put(hook);
	return err ? fail_hook(hook, netif, err) : 0;
}

/*
 * The first hook decides between tcx and clsact for all, unless some are there. A kernel without
 * tcx says EINVAL. NESTWG_TC=clsact makes a new kernel do as an old one, for tests.
 */
static int put_first_tc(struct attachment *a, enum hook_id id)
{
	const char *forced = getenv("NESTWG_TC");
	int err;

	if (has_live_tc_hook(a))
		return put_tc(a, id);
	a->state.config.tcx = !forced || strcmp(forced, "clsact") != 0;
	if (write_config(a))
		return -1;
	if (!a->state.config.tcx)
		return put_tc(a, id);
	err = hook_put(&a->hooks[id]);
	if (!err)
		return 0;
	if (err != -EINVAL)
		return fail_hook(&a->hooks[id], place_of(a, id), err);
	a->state.config.tcx = 0;
	if (write_config(a))
		return -1;
	return put_tc(a, id);
}

static int check_signals(const struct attachment *a)
{
	sigset_t pending;

	sigpending(&pending);
	for (int number = 1; number < NSIG; number++)
		if (number != SIGPIPE && sigismember(&pending, number) == 1)
			return fail(nic_of(a), "cannot attach: interrupted by a signal (%s)",
				    strsignal(number));
	return 0;
}

static void init_hook(struct attachment *a, enum hook_id id)
{
	hook_init(&a->hooks[id], id, nic_of(a), place_of(a, id)->ifindex,
		  programs_fd(a->programs, id));
}

/* It changes no packet: the first time it goes in while the kernel still verifies the others. */
static int put_learn(struct attachment *a)
{
	init_hook(a, HOOK_LEARN);
	return check_signals(a) ? -1 : put_first_tc(a, HOOK_LEARN);
}

static int put_hooks(struct attachment *a, struct xdp_program *other)
{
	const struct ingress ingress = {
		.plan = a->plan,
		.state = &a->state,
		.hook = &a->hooks[HOOK_INGRESS],
		.other = other,
	};

	/*
	 * What DNAT rules forwarded until now goes on: the way in changes first, for connection tracking
	 * goes on believing answers whose questions it does not see, but not the reverse. Until the way
	 * back has changed, too, nestwg_learn leaves alone what comes by the tunnel.
	 */
	if (put_learn(a))
		return -1;
	flows_seed(&a->state);
	if (programs_wait(a->programs, nic_of(a)))
		return -1;
	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		if (id != HOOK_LEARN)
			init_hook(a, id);
	if (check_signals(a) || put_tc(a, HOOK_HANDOFF) || check_signals(a) || ingress_put(&ingress) ||
	    put_tc(a, HOOK_RETURN))
		return -1;
	a->state.config.attached_at = (__u64)time(NULL);
	set_deadline(a);
	if (write_config(a))
		return -1;
	/* Other peers' connections, masqueraded here, of the moment that nestwg_learn left out. */
	if (!a->old.attached_at)
		flows_seed_tracked(&a->state);
	return 0;
}

/* The tunnel was another interface before: its qdisc goes with the filter. */
static void forget_old_tunnel(const struct attachment *a)
{
	int old = (int)a->old.wg_ifindex;

	if (old && old != a->plan->tunnel.ifindex && a->old.clsact_made & CLSACT_TUNNEL)
		tc_clsact_remove_empty(old);
}

/* Filters have no links that would end with their pins: see removal.h for what may be left. */
static void remove_others(const struct attachment *a)
{
	__u32 programs[NR_HOOKS];

	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		programs[id] = programs_id(a->programs, id);
	removal_of_others(nic_of(a), a->plan->nic.ifindex, a->plan->tunnel.ifindex, programs);
}

static void commit(struct attachment *a, struct xdp_program *other)
{
	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		hook_commit(&a->hooks[id]);
	remove_others(a);
	forget_old_tunnel(a);
	xdp_release(other);
}

static void undo(struct attachment *a, struct xdp_program *other)
{
	const struct nestwg_config now = a->state.config;

	for (int id = NR_HOOKS - 1; id >= 0; id--)
		if (a->hooks[id].nic)
			hook_undo(&a->hooks[id]);
	if (xdp_restore(a->plan->nic.ifindex, other))
		warn(nic_of(a), "cannot put back the XDP program %s", other->name);
	xdp_release(other);
	if (!a->old.attached_at) {
		removal_of_pinned(nic_of(a));
		return;
	}
	/* Not even loaded: nothing was changed. */
	if (!a->programs || !a->state.ports)
		return;
	if (a->old_exclusions)
		exclusions_restore(&a->state, a->old_exclusions);
	a->state.config = a->old;
	/* Leaving XDP cannot be undone without trying the driver again. */
	if (now.mode == NESTWG_MODE_TC && now.mode != a->old.mode) {
		a->state.config.mode = now.mode;
		a->state.config.mode_wanted = now.mode;
		a->state.config.flags = now.flags;
		warn(nic_of(a), "left in tc mode");
	}
	if (!state_write_config(&a->state))
		did("forward as before");
	if (!a->old.deadline)
		before_forget(nic_of(a));
	for (__u32 bit = CLSACT_NIC; bit <= CLSACT_TUNNEL; bit <<= 1)
		if (now.clsact_made & ~a->old.clsact_made & bit)
			tc_clsact_remove_empty(bit == CLSACT_NIC ? a->plan->nic.ifindex :
								  a->plan->tunnel.ifindex);
}

static void print_result(const struct attachment *a)
{
	const struct nestwg_config *config = &a->state.config;
	const char *action = a->old.attached_at ? "upgraded" : "attached";
	char reason[DRIVER_TEXT_SIZE];

	if (a->options->json) {
		result_print_report(nic_of(a), action);
		return;
	}
	driver_mode_reason(nic_of(a), config, reason);
	printf("%s: %s in %s mode", nic_of(a), action, mode_name(config->mode));
	if (*reason)
		printf(" (%s)", reason);
	printf(": %s goes to ", address_text(config->address).s);
	printf("%s through %s (MTU %u)\n", address_text(config->peer).s, a->plan->tunnel.name,
	       a->plan->tunnel.mtu);
	printf("%s: stays on the gateway: ", nic_of(a));
	exclusions_print(&a->state);
	putchar('\n');
	if (config->deadline && !a->options->confirm)
		printf("%s: still not confirmed: in %u seconds it is taken back, unless `" PROGRAM
		       " confirm %s` is run\n", nic_of(a), pending_seconds(config), nic_of(a));
}

int attachment_make(const struct plan *plan, const struct attach_options *options,
		    const struct nestwg_config *old, const struct ssh_ports *ssh,
		    struct xdp_program *other)
{
	struct attachment a = { .plan = plan, .options = options, .old = *old };
	int err;

	state_init(&a.state);

	err = load(&a);
	if (!err && options->confirm)
		err = before_save(&a.state, old, other);
	if (!err)
		err = start_guard(&a);
	if (!err)
		err = exclude(&a, ssh);
	if (!err)
		err = own_addresses_write(&a.state, plan);
	if (!err)
		err = configure(&a);
	if (!err)
		err = put_hooks(&a, other);
	if (err) {
		undo(&a, other);
	} else {
		commit(&a, other);
		print_result(&a);
	}
	free(a.old_exclusions);
	state_close(&a.state);
	programs_unload(a.programs);
	return err;
}
