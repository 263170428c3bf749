// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
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

static int prepare(struct nestwg_bpf *programs, const char *nic)
{
	const struct {
		struct bpf_program *program;
		enum hook_id hook;
	} tc[] = {
		{ programs->progs.nestwg_learn, HOOK_LEARN },
		{ programs->progs.nestwg_return, HOOK_RETURN },
		{ programs->progs.nestwg_handoff, HOOK_HANDOFF },
	};
	char path[PIN_PATH_SIZE];
	struct bpf_map *map;
	int err = 0;

	/*
	 * A tcx link wants it, a kernel without tcx and clsact ignore it; and it has to stay the
	 * same for a link's program to be replaced.
	 */
	for (size_t i = 0; !err && i < sizeof(tc) / sizeof(tc[0]); i++)
		err = bpf_program__set_expected_attach_type(tc[i].program,
				(enum bpf_attach_type)hook_attach_type(tc[i].hook));

	bpf_object__for_each_map(map, programs->obj) {
		if (err || bpf_map__is_internal(map))
			continue;
		pins_path(path, nic, bpf_map__name(map));
		err = bpf_map__set_pin_path(map, path);
	}
	return err;
}

/* A bit for each map that is going to be made, in their order. */
static uint64_t not_pinned_yet(const struct nestwg_bpf *programs)
{
	struct bpf_map *map;
	unsigned int number = 0;
	uint64_t maps = 0;

	bpf_object__for_each_map(map, programs->obj) {
		const char *path = bpf_map__pin_path(map);

		if (path && access(path, F_OK) < 0)
			maps |= 1ULL << number;
		number++;
	}
	return maps;
}

static void say_loaded(struct nestwg_bpf *programs, uint64_t made)
{
	struct bpf_program *program;
	struct bpf_map *map;
	unsigned int number = 0;

	bpf_object__for_each_map(map, programs->obj)
		if (made & 1ULL << number++)
			did("pin %s", bpf_map__pin_path(map));
	bpf_object__for_each_program(program, programs->obj) {
		did("load %s", bpf_program__name(program));
	}
}

static int load(struct nestwg_bpf *programs, const char *nic, char *log)
{
	uint64_t made;
	int err;

	err = prepare(programs, nic);
	made = not_pinned_yet(programs);
	if (!err)
		err = nestwg_bpf__load(programs);
	if (!err) {
		say_loaded(programs, made);
		return 0;
	}
	fail(nic, "cannot load the BPF programs: %s%s", strerror(-err),
	     *log ? "; the verifier says at last:" : "; see why with NESTWG_DEBUG=1");
	fputs(last_lines(log, LOG_LINES), stderr);
	return err;
}

struct nestwg_bpf *programs_load(const char *nic)
{
	char *log = calloc(1, LOG_SIZE);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = LOG_SIZE);
	struct nestwg_bpf *programs;

	programs = log ? nestwg_bpf__open_opts(&opts) : NULL;
	if (!programs) {
		fail(nic, "cannot open the BPF programs: %s", strerror(errno));
	} else if (load(programs, nic, log)) {
		nestwg_bpf__destroy(programs);
		programs = NULL;
	}
	free(log);
	return programs;
}

void programs_unload(struct nestwg_bpf *programs)
{
	nestwg_bpf__destroy(programs);
}

int programs_fd(const struct nestwg_bpf *programs, enum hook_id id)
{
	switch (id) {
	case HOOK_LEARN:
		return bpf_program__fd(programs->progs.nestwg_learn);
	case HOOK_RETURN:
		return bpf_program__fd(programs->progs.nestwg_return);
	case HOOK_HANDOFF:
		return bpf_program__fd(programs->progs.nestwg_handoff);
	case HOOK_INGRESS:
		return bpf_program__fd(programs->progs.nestwg_ingress);
	default:
		return -EINVAL;
	}
}

__u32 programs_id(const struct nestwg_bpf *programs, enum hook_id id)
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
