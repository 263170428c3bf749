// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "nestwg.skel.h"
#include "pins.h"
#include "programs.h"
#include "verbose.h"

/*
 * A log that does not fit makes the load fail before 6.4. Pages that are not written cost nothing.
 */
#define LOG_SIZE	(16u << 20)
#define LOG_LINES	20

static int print_all(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return vfprintf(stderr, format, args);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

void programs_set_verbose(bool verbose)
{
	libbpf_set_print(verbose ? print_all : print_nothing);
}

/*
 * The verifier's work is most of what attach takes: each program has it done by an object and a
 * thread of its own, with the maps of another object.
 */
struct part {
	struct nestwg_bpf *object;
	char *log;
	int err;
	pthread_t thread;
	bool has_thread;
	bool pending;	/* started, and nobody has been told yet what became of it */
};

struct programs {
	struct nestwg_bpf *maps;	/* makes and pins them, or opens those that are pinned */
	struct part parts[NR_HOOKS];
};

static struct bpf_program *program_of(const struct nestwg_bpf *object, enum hook_id id)
{
	switch (id) {
	case HOOK_LEARN:
		return object->progs.nestwg_learn;
	case HOOK_RETURN:
		return object->progs.nestwg_return;
	case HOOK_HANDOFF:
		return object->progs.nestwg_handoff;
	default:
		return object->progs.nestwg_ingress;
	}
}

/* A bit for each map that is going to be made, in their order. */
static uint64_t not_pinned_yet(const struct nestwg_bpf *object)
{
	struct bpf_map *map;
	unsigned int number = 0;
	uint64_t maps = 0;

	bpf_object__for_each_map(map, object->obj) {
		const char *path = bpf_map__pin_path(map);

		if (path && access(path, F_OK) < 0)
			maps |= 1ULL << number;
		number++;
	}
	return maps;
}

static void say_pinned(const struct nestwg_bpf *object, uint64_t made)
{
	struct bpf_map *map;
	unsigned int number = 0;

	bpf_object__for_each_map(map, object->obj)
		if (made & 1ULL << number++)
			did("pin %s", bpf_map__pin_path(map));
}

static int make_maps(struct nestwg_bpf *object, const char *nic)
{
	char path[PIN_PATH_SIZE];
	struct bpf_map *map;
	uint64_t made;
	int err = 0;

	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		bpf_program__set_autoload(program_of(object, id), false);
	bpf_object__for_each_map(map, object->obj) {
		if (err || bpf_map__is_internal(map))
			continue;
		pins_path(path, nic, bpf_map__name(map));
		err = bpf_map__set_pin_path(map, path);
	}
	made = not_pinned_yet(object);
	if (!err)
		err = nestwg_bpf__load(object);
	if (err)
		return fail(nic, "cannot make its maps: %s; see why with NESTWG_DEBUG=1",
			    strerror(-err));
	say_pinned(object, made);
	return 0;
}

/* The maps of another object of the same program. */
static int share_maps(const struct nestwg_bpf *object, const struct nestwg_bpf *owner)
{
	struct bpf_map *map, *owned = NULL;
	int err = 0;

	bpf_object__for_each_map(map, object->obj) {
		owned = bpf_object__next_map(owner->obj, owned);
		if (!err && !bpf_map__is_internal(map))
			err = bpf_map__reuse_fd(map, bpf_map__fd(owned));
	}
	return err;
}

static int choose_program(const struct nestwg_bpf *object, enum hook_id chosen)
{
	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		bpf_program__set_autoload(program_of(object, id), id == chosen);
	if (chosen == HOOK_INGRESS)
		return 0;
	/*
	 * A tcx link wants it, a kernel without tcx and clsact ignore it; and it has to stay the same
	 * for a link's program to be replaced.
	 */
	return bpf_program__set_expected_attach_type(program_of(object, chosen),
			(enum bpf_attach_type)hook_attach_type(chosen));
}

static void *load_part(void *arg)
{
	struct part *part = arg;

	part->err = nestwg_bpf__load(part->object);
	return NULL;
}

static void start_part(struct programs *programs, enum hook_id id)
{
	struct part *part = &programs->parts[id];
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	part->pending = true;
	part->log = calloc(1, LOG_SIZE);
	opts.kernel_log_buf = part->log;
	opts.kernel_log_size = LOG_SIZE;
	part->object = part->log ? nestwg_bpf__open_opts(&opts) : NULL;
	if (!part->object) {
		part->err = -errno;
		return;
	}
	part->err = share_maps(part->object, programs->maps);
	if (!part->err)
		part->err = choose_program(part->object, id);
	if (part->err)
		return;
	part->has_thread = !pthread_create(&part->thread, NULL, load_part, part);
	if (!part->has_thread)
		load_part(part);
}

static const char *last_lines(const char *log, unsigned int lines)
{
	const char *start = log + strlen(log);

	while (start > log && lines) {
		start--;
		if (start > log && start[-1] == '\n')
			lines--;
	}
	return start;
}

static void join_part(struct part *part)
{
	if (part->has_thread)
		pthread_join(part->thread, NULL);
	part->has_thread = false;
}

static int finish_part(struct programs *programs, enum hook_id id, const char *nic, bool report)
{
	struct part *part = &programs->parts[id];

	if (!part->pending)
		return part->err;
	join_part(part);
	part->pending = false;
	if (!part->err) {
		did("load nestwg_%s", hook_name(id));
	} else if (report) {
		fail(nic, "cannot load the BPF programs: %s%s", strerror(-part->err),
		     part->log && *part->log ? "; the verifier says at last:" :
					       "; see why with NESTWG_DEBUG=1");
		if (part->log)
			fputs(last_lines(part->log, LOG_LINES), stderr);
	}
	return part->err;
}

/* The first one alone, so that it need not share the CPUs with the others, which take longer. */
static int load_programs(struct programs *programs, const char *nic, bool with_xdp)
{
	start_part(programs, HOOK_LEARN);
	if (finish_part(programs, HOOK_LEARN, nic, true))
		return -1;
	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		if (id != HOOK_LEARN && (with_xdp || id != HOOK_INGRESS))
			start_part(programs, id);
	return 0;
}

int programs_wait(struct programs *programs, const char *nic)
{
	int err = 0;

	for (enum hook_id id = 0; id < NR_HOOKS; id++)
		if (finish_part(programs, id, nic, !err))
			err = -1;
	return err;
}

struct programs *programs_load(const char *nic, bool with_xdp)
{
	struct programs *programs = calloc(1, sizeof(*programs));

	if (programs)
		programs->maps = nestwg_bpf__open();
	if (!programs || !programs->maps) {
		fail(nic, "cannot open the BPF programs: %s", strerror(errno));
	} else if (!make_maps(programs->maps, nic) && !load_programs(programs, nic, with_xdp)) {
		return programs;
	}
	programs_unload(programs);
	return NULL;
}

void programs_unload(struct programs *programs)
{
	if (!programs)
		return;
	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		join_part(&programs->parts[id]);
		free(programs->parts[id].log);
		nestwg_bpf__destroy(programs->parts[id].object);
	}
	nestwg_bpf__destroy(programs->maps);
	free(programs);
}

int programs_fd(const struct programs *programs, enum hook_id id)
{
	const struct nestwg_bpf *object = programs->parts[id].object;

	return object ? bpf_program__fd(program_of(object, id)) : -ENOENT;
}

__u32 programs_id(const struct programs *programs, enum hook_id id)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(programs_fd(programs, id), &info, &length) ? 0 : info.id;
}

/* True as well if it is not pinned; an error to open it shows when it is to be reused. */
static bool pinned_map_fits(const struct bpf_map *map, const char *nic)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	char path[PIN_PATH_SIZE];
	int fd, err;

	pins_path(path, nic, bpf_map__name(map));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return true;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	return !err && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

int programs_check_maps(const char *nic)
{
	struct nestwg_bpf *programs = nestwg_bpf__open();
	const struct bpf_map *misfit = NULL;
	struct bpf_map *map;

	if (!programs)
		return fail(nic, "cannot open the BPF programs: %s", strerror(errno));
	bpf_object__for_each_map(map, programs->obj)
		if (!bpf_map__is_internal(map) && !pinned_map_fits(map, nic))
			misfit = map;
	if (misfit)
		fail(nic, "cannot reuse its map `%s`: its state was made by another version; "
		     "`" PROGRAM " detach %s` first", bpf_map__name(misfit), nic);
	nestwg_bpf__destroy(programs);
	return misfit ? -1 : 0;
}
