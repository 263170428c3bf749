// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bare paths and the sinks (paths.bpf.c): load, set, read.
 *
 *	sink load DIR OBJECT [TUNNEL NIC]   # pin the object's programs and maps below DIR, on a bpffs
 *	sink put DIR PROGRAM DEV            # by a tcx link, DIR/PROGRAM-DEV, to DEV's ingress; status 4: no tcx here
 *	sink take DIR PROGRAM DEV           # away again; status 4: there is no such link
 *	sink expect DIR ADDRESS [verify] [wire|home|none]   # enum bench_mode
 *	sink seen DIR                       # packets bytes bundles not-rewritten wrong-checksum
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"

/* enum bpf_attach_type: a number, since it is newer than some headers. */
#define TCX_INGRESS	46

#define STATUS_NO_TCX	4

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "sink: %s %s: %s\n", what, name, strerror(errno));
	return 1;
}

static int open_pinned(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return bpf_obj_get(path);
}

/* What is put somewhere by a link wants its attach type; those that are filters do not mind. */
static void set_attach_types(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		if (bpf_program__type(program) == BPF_PROG_TYPE_SCHED_CLS)
			bpf_program__set_expected_attach_type(program,
							      (enum bpf_attach_type)TCX_INGRESS);
}

static int load(const char *dir, const char *file)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	int status = 0;

	if (!object)
		return fail("open", file);
	set_attach_types(object);
	if (bpf_object__load(object))
		status = fail("load", file);
	else if (bpf_object__pin(object, dir))
		status = fail("pin below", dir);
	bpf_object__close(object);
	return status;
}

static int lead(const char *dir, const char *tunnel, const char *nic)
{
	struct bench_paths to = {
		.tunnel_ifindex = if_nametoindex(tunnel),
		.nic_ifindex = if_nametoindex(nic),
	};
	int map = open_pinned(dir, "paths");
	__u32 zero = 0;

	if (!to.tunnel_ifindex || !to.nic_ifindex)
		return fail("no interface", to.tunnel_ifindex ? nic : tunnel);
	if (map < 0 || bpf_map_update_elem(map, &zero, &to, BPF_ANY))
		return fail("set paths below", dir);
	return 0;
}

static int put(const char *dir, const char *name, const char *dev)
{
	int program = open_pinned(dir, name), link, ifindex = (int)if_nametoindex(dev);
	char path[256];

	if (program < 0 || !ifindex)
		return fail("no program or no interface", program < 0 ? name : dev);
	link = bpf_link_create(program, ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
	if (link == -EINVAL)
		return STATUS_NO_TCX;
	snprintf(path, sizeof(path), "%s/%s-%s", dir, name, dev);
	if (link < 0 || bpf_obj_pin(link, path))
		return fail("put to tc ingress", dev);
	return 0;
}

/* Without its pin alone it would end some time later. */
static int take(const char *dir, const char *name, const char *dev)
{
	char path[256];
	int link;

	snprintf(path, sizeof(path), "%s/%s-%s", dir, name, dev);
	link = bpf_obj_get(path);
	if (link == -ENOENT)
		return STATUS_NO_TCX;
	if (link < 0 || bpf_link_detach(link) || unlink(path))
		return fail("take away", path);
	return 0;
}

static int expect(const char *dir, int argc, char **argv)
{
	int map = open_pinned(dir, "paths");
	struct bench_paths to;
	__u32 zero = 0;
	int i;

	if (map < 0 || bpf_map_lookup_elem(map, &zero, &to))
		return fail("read paths below", dir);
	to.verify = 0;
	to.mode = BENCH_TUNNEL;
	if (inet_pton(AF_INET, argv[0], &to.wanted) != 1)
		return fail("no address", argv[0]);
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "verify"))
			to.verify = 1;
		else if (!strcmp(argv[i], "wire"))
			to.mode = BENCH_WIRE;
		else if (!strcmp(argv[i], "home"))
			to.mode = BENCH_HOME;
		else if (!strcmp(argv[i], "none"))
			to.mode = BENCH_NONE;
	}
	if (bpf_map_update_elem(map, &zero, &to, BPF_ANY))
		return fail("set paths below", dir);
	return 0;
}

static int print_seen(const char *dir)
{
	int map = open_pinned(dir, "seen"), cpus = libbpf_num_possible_cpus(), i;
	struct bench_seen *each, sum = {};
	__u32 zero = 0;

	if (map < 0 || cpus < 1)
		return fail("open the counters below", dir);
	each = calloc(cpus, sizeof(*each));
	if (!each || bpf_map_lookup_elem(map, &zero, each)) {
		free(each);
		return fail("read the counters below", dir);
	}
	for (i = 0; i < cpus; i++) {
		sum.packets += each[i].packets;
		sum.bytes += each[i].bytes;
		sum.bundles += each[i].bundles;
		sum.not_rewritten += each[i].not_rewritten;
		sum.wrong_checksum += each[i].wrong_checksum;
	}
	free(each);
	printf("%llu %llu %llu %llu %llu\n", sum.packets, sum.bytes, sum.bundles,
	       sum.not_rewritten, sum.wrong_checksum);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3]) || lead(argv[2], argv[4], argv[5]);
	if (argc == 4 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "put"))
		return put(argv[2], argv[3], argv[4]);
	if (argc == 5 && !strcmp(argv[1], "take"))
		return take(argv[2], argv[3], argv[4]);
	if (argc >= 4 && !strcmp(argv[1], "expect"))
		return expect(argv[2], argc - 3, argv + 3);
	if (argc == 3 && !strcmp(argv[1], "seen"))
		return print_seen(argv[2]);
	fprintf(stderr, "usage: sink load DIR OBJECT [TUNNEL NIC] | put|take DIR PROGRAM DEV | expect DIR ADDRESS [verify] [wire|home|none] | seen DIR\n");
	return 2;
}
