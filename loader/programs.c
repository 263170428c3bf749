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
 * The verifier's work is most of what attach takes: two threads have it done, each by an object of
 * its own, with the maps of a third one. About half of the work each: see NESTWG_DEBUG=1.
 */
#define NR_PARTS	2

struct part {
	struct nestwg_bpf *object;
	char *log;
	int err;
	pthread_t thread;
	bool has_thread;
};

struct programs {
	struct nestwg_bpf *maps;	/* makes and pins them, or opens those that are pinned */
	struct part parts[NR_PARTS];
};

static unsigned int part_of(enum hook_id id)
{
	return id == HOOK_HANDOFF || id == HOOK_LEARN ? 0 : 1;
}

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

static int choose_programs(const struct nestwg_bpf *object, unsigned int part, bool with_xdp)
{
	int err = 0;

	for (enum hook_id id = 0; !err && id < NR_HOOKS; id++) {
		struct bpf_program *program = program_of(object, id);

		bpf_program__set_autoload(program, part_of(id) == part &&
						   (with_xdp || id != HOOK_INGRESS));
		/*
		 * A tcx link wants it, a kernel without tcx and clsact ignore it; and it has to
		 * stay the same for a link's program to be replaced.
		 */
		if (id != HOOK_INGRESS)
			err = bpf_program__set_expected_attach_type(program,
					(enum bpf_attach_type)hook_attach_type(id));
	}
	return err;
}

static void *load_part(void *arg)
{
	struct part *part = arg;

	part->err = nestwg_bpf__load(part->object);
	return NULL;
}

static void start_part(struct programs *programs, unsigned int number, bool with_xdp)
{
	struct part *part = &programs->parts[number];
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	/* Pages that are not written cost nothing. */
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
		part->err = choose_programs(part->object, number, with_xdp);
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

static int finish_part(struct part *part, const char *nic, bool report)
{
	struct bpf_program *program;

	if (part->has_thread)
		pthread_join(part->thread, NULL);
	if (!part->err) {
		bpf_object__for_each_program(program, part->object->obj)
			if (bpf_program__autoload(program))
				did("load %s", bpf_program__name(program));
	} else if (report) {
		fail(nic, "cannot load the BPF programs: %s%s", strerror(-part->err),
		     part->log && *part->log ? "; the verifier says at last:" :
					       "; see why with NESTWG_DEBUG=1");
		if (part->log)
			fputs(last_lines(part->log, LOG_LINES), stderr);
	}
	free(part->log);
	part->log = NULL;
	return part->err;
}

static int load_programs(struct programs *programs, const char *nic, bool with_xdp)
{
	int err = 0;

	for (unsigned int number = 0; number < NR_PARTS; number++)
		start_part(programs, number, with_xdp);
	for (unsigned int number = 0; number < NR_PARTS; number++)
		if (finish_part(&programs->parts[number], nic, !err))
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
	for (unsigned int number = 0; number < NR_PARTS; number++)
		nestwg_bpf__destroy(programs->parts[number].object);
	nestwg_bpf__destroy(programs->maps);
	free(programs);
}

int programs_fd(const struct programs *programs, enum hook_id id)
{
	return bpf_program__fd(program_of(programs->parts[part_of(id)].object, id));
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
