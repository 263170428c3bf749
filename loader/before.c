// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "before.h"
#include "error.h"
#include "exclusions.h"
#include "hook.h"
#include "ingress.h"
#include "netif.h"
#include "pins.h"
#include "removal.h"
#include "tc.h"
#include "verbose.h"

#define MAP_NAME	"before"
#define XDP_NAME	"before_xdp"

struct before {
	struct nestwg_config config;
	struct exclusions_copy exclusions;
	__u32 xdp_flags;	/* of another tool's program */
	__u32 nr_addresses;
	__be32 addresses[NESTWG_ADDRESSES_MAX];
};

static void hook_pin_name(enum hook_id id, char name[32])
{
	snprintf(name, 32, "before_%s", hook_name(id));
}

static int open_pin(const char *nic, const char *name)
{
	char path[PIN_PATH_SIZE];

	pins_path(path, nic, name);
	return bpf_obj_get(path);
}

static int pin(int fd, const char *nic, const char *name)
{
	char path[PIN_PATH_SIZE];

	pins_path(path, nic, name);
	unlink(path);
	if (bpf_obj_pin(fd, path))
		return -errno;
	did("pin %s", path);
	return 0;
}

static void unpin(const char *nic, const char *name)
{
	char path[PIN_PATH_SIZE];

	pins_path(path, nic, name);
	if (unlink(path) == 0)
		did("rm %s", path);
}

static int pin_program(__u32 id, const char *nic, const char *name)
{
	int fd = bpf_prog_get_fd_by_id(id);
	int err;

	if (fd < 0)
		return -errno;
	err = pin(fd, nic, name);
	close(fd);
	return err;
}

static struct before *map_memory(int fd)
{
	void *memory = mmap(NULL, sizeof(struct before), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* NULL if nothing is kept. */
static struct before *open_before(const char *nic)
{
	struct before *before;
	int fd = open_pin(nic, MAP_NAME);

	if (fd < 0)
		return NULL;
	before = map_memory(fd);
	close(fd);
	return before;
}

static void close_before(struct before *before)
{
	if (before)
		munmap(before, sizeof(*before));
}

static int pin_hooks(const char *nic, const struct nestwg_config *old)
{
	int err = 0;

	for (enum hook_id id = 0; !err && old->attached_at && id < NR_HOOKS; id++) {
		struct hook_state hook = hook_look(nic, id, old);
		char name[32];

		hook_pin_name(id, name);
		if (hook.health == HOOK_ALIVE)
			err = pin_program(hook.program_id, nic, name);
	}
	return err;
}

static void copy_addresses(int fd, struct before *before)
{
	__be32 key, *previous = NULL;

	while (before->nr_addresses < NESTWG_ADDRESSES_MAX &&
	       bpf_map_get_next_key(fd, previous, &key) == 0) {
		before->addresses[before->nr_addresses++] = key;
		previous = &key;
	}
}

static int fill(const struct state *state, const struct nestwg_config *old,
		const struct xdp_program *other, int fd)
{
	struct before *before = map_memory(fd);

	if (!before)
		return -errno;
	before->config = *old;
	before->xdp_flags = other->flags;
	exclusions_copy(state, &before->exclusions);
	copy_addresses(state->addresses_fd, before);
	close_before(before);
	return pin(fd, state->nic, MAP_NAME);
}

static int save(const struct state *state, const struct nestwg_config *old,
		const struct xdp_program *other)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd, err;

	/* Of an attach that was killed. */
	before_forget(state->nic);
	err = pin_hooks(state->nic, old);
	if (!err && other->id)
		err = pin_program(other->id, state->nic, XDP_NAME);
	if (err)
		return err;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, MAP_NAME, sizeof(__u32), sizeof(struct before), 1,
			    &opts);
	if (fd < 0)
		return -errno;
	err = fill(state, old, other, fd);
	close(fd);
	return err;
}

/* One unconfirmed change has left it in its place, the next one takes it. */
static int save_other(const char *nic, struct before *before, const struct xdp_program *other)
{
	if (!other->id)
		return 0;
	before->xdp_flags = other->flags;
	return pin_program(other->id, nic, XDP_NAME);
}

int before_save(const struct state *state, const struct nestwg_config *old,
		const struct xdp_program *other)
{
	struct before *before = old->deadline ? open_before(state->nic) : NULL;
	int err;

	err = before ? save_other(state->nic, before, other) : save(state, old, other);
	close_before(before);
	return err ? fail(state->nic, "cannot keep what is in force now: %s", strerror(-err)) : 0;
}

static void put_back_addresses(int fd, const struct before *before)
{
	const __u8 one = 1;
	__be32 key, next;
	int err;

	for (__u32 i = 0; i < before->nr_addresses; i++)
		bpf_map_update_elem(fd, &before->addresses[i], &one, BPF_ANY);
	err = bpf_map_get_next_key(fd, NULL, &next);
	while (!err) {
		bool stays = false;

		key = next;
		err = bpf_map_get_next_key(fd, &key, &next);
		for (__u32 i = 0; i < before->nr_addresses; i++)
			stays |= before->addresses[i] == key;
		if (!stays)
			bpf_map_delete_elem(fd, &key);
	}
}

/* The packet path's part of the configuration, while the programs are still those of now. */
static int put_back_config(struct state *state, const struct before *before)
{
	const struct nestwg_config now = state->config;

	state->config = before->config;
	state->config.flags = now.flags;
	state->config.mode = now.mode;
	state->config.native_error = now.native_error;
	state->config.nic_ifindex = now.nic_ifindex;
	state->config.tcx = now.tcx;
	state->config.clsact_made = now.clsact_made;
	if (now.wg_ifindex != before->config.wg_ifindex)
		state->config.clsact_made &= ~CLSACT_TUNNEL;
	/* Last of all it is taken off: killed before that, the programs still stop. */
	state->config.deadline = now.deadline;
	return state_write_config(state);
}

static int hook_ifindex(const struct state *state, enum hook_id id)
{
	return (int)(id == HOOK_RETURN ? state->config.wg_ifindex : state->config.nic_ifindex);
}

/* A qdisc that went with the filter, when the tunnel became another one. */
static void make_clsact(struct state *state)
{
	if (state->config.tcx || tc_clsact_make((int)state->config.wg_ifindex))
		return;
	state->config.clsact_made |= CLSACT_TUNNEL;
	state_write_config(state);
}

static int put_back_tc(struct state *state, enum hook_id id, int program)
{
	struct netif tunnel;
	struct hook hook;
	int err;

	if (id == HOOK_RETURN)
		make_clsact(state);
	hook_init(&hook, id, state->nic, hook_ifindex(state, id), program);
	hook.clsact = !state->config.tcx;
	err = hook_put(&hook);
	if (!err)
		hook_commit(&hook);
	/* The tunnel of before may have gone: what is the home's is dropped then. */
	if (err && id == HOOK_RETURN && netif_by_index(hook_ifindex(state, id), &tunnel))
		return 0;
	return err;
}

static int put_back_ingress(struct state *state, const struct before *before, int program)
{
	struct xdp_program none = { .fd = -1 };
	const struct plan plan = { .mode = before->config.mode };
	struct hook hook;
	const struct ingress ingress = {
		.plan = &plan,
		.state = state,
		.hook = &hook,
		.other = &none,
	};

	hook_init(&hook, HOOK_INGRESS, state->nic, hook_ifindex(state, HOOK_INGRESS), program);
	if (ingress_put(&ingress))
		return -EIO;
	hook_commit(&hook);
	return 0;
}

static __u32 program_id(int fd)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.id;
}

static int put_back_hooks(struct state *state, const struct before *before)
{
	__u32 ids[NR_HOOKS] = {};
	int err = 0;

	for (enum hook_id id = 0; !err && id < NR_HOOKS; id++) {
		char name[32];
		int program;

		hook_pin_name(id, name);
		program = open_pin(state->nic, name);
		ids[id] = program_id(program);
		if (id == HOOK_INGRESS)
			err = put_back_ingress(state, before, program);
		else if (program >= 0)
			err = put_back_tc(state, id, program);
		if (program >= 0)
			close(program);
	}
	if (!err)
		removal_of_others(state->nic, hook_ifindex(state, HOOK_LEARN),
				  hook_ifindex(state, HOOK_RETURN), ids);
	return err;
}

static void put_back_other(const char *nic, int ifindex, const struct before *before, int program)
{
	struct xdp_program other = { .fd = program, .flags = before ? before->xdp_flags : 0 };
	struct xdp_program now;

	other.id = program_id(program);
	if (!other.id || xdp_query(ifindex, &now) || now.id == other.id)
		return;
	if (xdp_restore(ifindex, &other))
		warn(nic, "cannot put back the XDP program that was there");
}

static int put_back(struct state *state, const struct before *before)
{
	const struct nestwg_config now = state->config;
	int err;

	exclusions_restore(state, &before->exclusions);
	put_back_addresses(state->addresses_fd, before);
	err = put_back_config(state, before);
	if (!err)
		err = put_back_hooks(state, before);
	if (err)
		return err;
	if (now.clsact_made & CLSACT_TUNNEL && now.wg_ifindex != state->config.wg_ifindex)
		tc_clsact_remove_empty((int)now.wg_ifindex);
	state->config.native_error = before->config.native_error;
	state->config.attached_at = before->config.attached_at;
	state->config.deadline = 0;
	return state_write_config(state);
}

static int restore(struct state *state, const struct before *before)
{
	const char *nic = state->nic;
	int err;

	if (!before || !before->config.attached_at)
		return removal_of_pinned(nic);
	err = put_back(state, before);
	if (!err) {
		before_forget(nic);
		return 0;
	}
	/* Better nothing than a half of each. */
	warn(nic, "cannot go back to what was attached before (%s): everything is detached",
	     strerror(-err));
	return removal_of_pinned(nic);
}

int before_restore(const char *nic)
{
	struct before *before;
	struct state state;
	int other, ifindex, err;

	if (state_open(&state, nic))
		return removal_of_pinned(nic);
	ifindex = (int)state.config.nic_ifindex;
	before = open_before(nic);
	other = open_pin(nic, XDP_NAME);
	err = restore(&state, before);
	put_back_other(nic, ifindex, before, other);
	close_before(before);
	if (other >= 0)
		close(other);
	state_close(&state);
	return err;
}

void before_forget(const char *nic)
{
	unpin(nic, MAP_NAME);
	unpin(nic, XDP_NAME);
	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		char name[32];

		hook_pin_name(id, name);
		unpin(nic, name);
	}
}
