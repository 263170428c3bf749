// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"
#include "identify.h"
#include "netif.h"
#include "pins.h"
#include "state.h"
#include "tc.h"
#include "verbose.h"
#include "xdp.h"

/* include/uapi/linux/bpf.h since 6.6 */
#define TCX_INGRESS	46
#define TCX_EGRESS	47

static const struct {
	const char *name;
	const char *where;
	unsigned int attach_type;
	enum bpf_tc_attach_point point;
} hooks[NR_HOOKS] = {
	[HOOK_LEARN] = { "learn", "tc egress", TCX_EGRESS, BPF_TC_EGRESS },
	[HOOK_RETURN] = { "return", "tc ingress", TCX_INGRESS, BPF_TC_INGRESS },
	[HOOK_HANDOFF] = { "handoff", "tc ingress", TCX_INGRESS, BPF_TC_INGRESS },
	[HOOK_INGRESS] = { "ingress", "XDP", BPF_XDP, 0 },
};

const char *hook_name(enum hook_id id)
{
	return hooks[id].name;
}

const char *hook_where(enum hook_id id)
{
	return hooks[id].where;
}

unsigned int hook_attach_type(enum hook_id id)
{
	return hooks[id].attach_type;
}

enum bpf_tc_attach_point hook_tc_point(enum hook_id id)
{
	return hooks[id].point;
}

static void link_path(char *path, const char *nic, enum hook_id id)
{
	char name[32];

	snprintf(name, sizeof(name), "link_%s", hooks[id].name);
	pins_path(path, nic, name);
}

static int open_link(const char *nic, enum hook_id id)
{
	char path[PIN_PATH_SIZE];

	link_path(path, nic, id);
	return bpf_obj_get(path);
}

/* The interface is 0 when it has gone. */
static int link_info(int fd, __u32 *program_id)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return 0;
	*program_id = info.prog_id;
	/* tcx.ifindex, which is newer than some headers, is the same word. */
	return (int)info.xdp.ifindex;
}

/* Interface numbers repeat in other network namespaces: ask this one's what it runs. */
static bool runs_here(enum hook_id id, int ifindex, __u32 program_id)
{
	__u32 ids[TCX_PROGRAMS], count = TCX_PROGRAMS;
	struct xdp_program program;

	if (id == HOOK_INGRESS)
		return !xdp_query(ifindex, &program) && program.id == program_id;
	if (bpf_prog_query(ifindex, hooks[id].attach_type, 0, NULL, ids, &count))
		return false;
	for (__u32 i = 0; i < count; i++)
		if (ids[i] == program_id)
			return true;
	return false;
}

static struct hook_state look_at_link(const char *nic, enum hook_id id)
{
	struct hook_state state = {};
	int fd = open_link(nic, id);

	if (fd < 0)
		return state;
	state.ifindex = link_info(fd, &state.program_id);
	close(fd);
	if (!state.ifindex)
		state.health = HOOK_GONE;
	else if (runs_here(id, state.ifindex, state.program_id))
		state.health = HOOK_ALIVE;
	else
		state.health = HOOK_ELSEWHERE;
	return state;
}

/*
 * A filter is ours if its program uses our maps. From another namespace it cannot be seen, but as
 * long as the program is loaded, it runs there.
 */
static struct hook_state look_at_filter(const char *nic, enum hook_id id,
					const struct nestwg_config *config)
{
	__u32 map = state_config_map(nic);
	struct hook_state state = {};
	struct identity identity;

	if (config->netns && config->netns != netif_namespace()) {
		state.health = identify_any(id, map) ? HOOK_ELSEWHERE : HOOK_GONE;
		return state;
	}
	state.ifindex = (int)(id == HOOK_RETURN ? config->wg_ifindex : config->nic_ifindex);
	if (!state.ifindex)
		return state;
	state.program_id = tc_filter_program(state.ifindex, hooks[id].point);
	if (state.program_id && identify(state.program_id, &identity) && identity.hook == id &&
	    identity.config_map == map)
		state.health = HOOK_ALIVE;
	return state;
}

struct hook_state hook_look(const char *nic, enum hook_id id, const struct nestwg_config *config)
{
	if (id == HOOK_INGRESS || config->tcx)
		return look_at_link(nic, id);
	return look_at_filter(nic, id, config);
}

bool hooks_are_elsewhere(const char *nic, const struct nestwg_config *config)
{
	bool elsewhere = false;

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		enum hook_health health = hook_look(nic, id, config).health;

		if (health == HOOK_ALIVE)
			return false;
		elsewhere |= health == HOOK_ELSEWHERE;
	}
	return elsewhere;
}

void hook_init(struct hook *hook, enum hook_id id, const char *nic, int ifindex, int prog_fd)
{
	*hook = (struct hook){
		.id = id,
		.nic = nic,
		.ifindex = ifindex,
		.prog_fd = prog_fd,
		.old_prog_fd = -1,
		.old_link_fd = -1,
	};
}

static int update_link(struct hook *hook, int fd, __u32 old_program)
{
	int err;

	hook->replaced = true;
	hook->old_prog_fd = bpf_prog_get_fd_by_id(old_program);
	err = bpf_link_update(fd, hook->prog_fd, NULL);
	if (!err)
		did("bpf link update nestwg_%s dev %s", hook_name(hook->id),
		    netif_text(hook->ifindex).s);
	return err;
}

static const char *hook_kind(const struct hook *hook)
{
	if (hook->id != HOOK_INGRESS)
		return hook->id == HOOK_LEARN ? "tcx egress" : "tcx ingress";
	return hook->xdp_flags & XDP_FLAGS_SKB_MODE ? "xdp generic" : "xdp native";
}

static int create_link(const struct hook *hook, const char *path)
{
	/* A program of somebody else's that ends the chain must not keep packets from ours. */
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = hook->id == HOOK_INGRESS ? hook->xdp_flags : BPF_F_BEFORE);
	int fd, err;

	fd = bpf_link_create(hook->prog_fd, hook->ifindex,
			     (enum bpf_attach_type)hooks[hook->id].attach_type, &opts);
	if (fd < 0)
		return -errno;
	err = bpf_obj_pin(fd, path);
	if (err) {
		bpf_link_detach(fd);
	} else {
		did("bpf link create nestwg_%s %s dev %s", hook_name(hook->id),
		    hook_kind(hook), netif_text(hook->ifindex).s);
		did("pin %s", path);
	}
	close(fd);
	return err;
}

static int put_link(struct hook *hook)
{
	char path[PIN_PATH_SIZE];
	__u32 old_program = 0;
	int fd, err;

	link_path(path, hook->nic, hook->id);
	fd = bpf_obj_get(path);
	if (fd >= 0 && link_info(fd, &old_program) == hook->ifindex) {
		err = update_link(hook, fd, old_program);
		close(fd);
		return err;
	}
	if (fd >= 0) {
		/* It goes on running where it is until hook_commit(). */
		hook->old_link_fd = fd;
		unlink(path);
	}
	return create_link(hook, path);
}

static int put_filter(struct hook *hook)
{
	__u32 old_program = tc_filter_program(hook->ifindex, hooks[hook->id].point);

	if (old_program) {
		hook->replaced = true;
		hook->old_prog_fd = bpf_prog_get_fd_by_id(old_program);
	}
	return tc_filter_put(hook->ifindex, hooks[hook->id].point, hook->prog_fd);
}

int hook_put(struct hook *hook)
{
	int err = hook->clsact ? put_filter(hook) : put_link(hook);

	hook->put = !err;
	if (err)
		hook_undo(hook);
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void undo_filter(struct hook *hook)
{
	if (hook->replaced)
		tc_filter_put(hook->ifindex, hooks[hook->id].point, hook->old_prog_fd);
	else
		tc_filter_remove(hook->ifindex, hooks[hook->id].point);
}

static void undo_link(struct hook *hook)
{
	int fd;

	if (!hook->replaced) {
		hook_remove_link(hook->nic, hook->id);
		return;
	}
	fd = open_link(hook->nic, hook->id);
	if (fd < 0)
		return;
	if (!bpf_link_update(fd, hook->old_prog_fd, NULL))
		did("bpf link update nestwg_%s dev %s, to the program of before",
		    hook_name(hook->id), netif_text(hook->ifindex).s);
	close(fd);
}

void hook_undo(struct hook *hook)
{
	char path[PIN_PATH_SIZE];

	if (hook->put && hook->clsact)
		undo_filter(hook);
	else if (hook->put)
		undo_link(hook);
	if (hook->old_link_fd >= 0) {
		link_path(path, hook->nic, hook->id);
		bpf_obj_pin(hook->old_link_fd, path);
	}
	hook->put = false;
	close_fd(&hook->old_link_fd);
	close_fd(&hook->old_prog_fd);
}

void hook_commit(struct hook *hook)
{
	if (hook->old_link_fd >= 0)
		bpf_link_detach(hook->old_link_fd);
	close_fd(&hook->old_link_fd);
	close_fd(&hook->old_prog_fd);
}

void hook_remove_link(const char *nic, enum hook_id id)
{
	int fd = open_link(nic, id);
	char path[PIN_PATH_SIZE];

	/* Without its pin alone the link would end some time later. */
	if (fd >= 0) {
		if (!bpf_link_detach(fd))
			did("bpf link detach nestwg_%s (%s)", hook_name(id), hook_where(id));
		close(fd);
	}
	link_path(path, nic, id);
	if (!unlink(path))
		did("rm %s", path);
}
