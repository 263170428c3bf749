// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel_features.h"
#include "hook.h"
#include "pins.h"
#include "xdp_features.h"

#define LOOPBACK_IFINDEX 1	/* include/net/flow.h: in each network namespace */

static const struct {
	const char *name, *text;
} features[NR_FEATURES] = {
	[FEATURE_TCX] = { "tcx", "tcx (else clsact)" },
	[FEATURE_XDP] = { "xdp", "XDP programs" },
	[FEATURE_JIT] = { "jit", "BPF programs are compiled" },
	[FEATURE_XDP_TOLD] = { "xdp_features", "drivers tell whether they have native XDP" },
	[FEATURE_RINGBUF] = { "ringbuf", "ring buffer (monitor)" },
	[FEATURE_BTF] = { "btf", "kernel types (BTF)" },
	[FEATURE_BPFFS] = { "bpffs", "BPF file system at " BPFFS },
};

const char *feature_name(enum feature feature)
{
	return features[feature].name;
}

const char *feature_text(enum feature feature)
{
	return features[feature].text;
}

static enum answer answer(bool yes)
{
	return yes ? ANSWER_YES : ANSWER_NO;
}

/* An older kernel does not know the place and says EINVAL. */
enum answer feature_find_tcx(void)
{
	__u32 ids[TCX_PROGRAMS], count = TCX_PROGRAMS;

	if (!bpf_prog_query(LOOPBACK_IFINDEX, hook_attach_type(HOOK_HANDOFF), 0, NULL, ids, &count))
		return ANSWER_YES;
	return errno == EPERM ? ANSWER_UNKNOWN : ANSWER_NO;
}

/* The shortest XDP program. Whether it was compiled is told by the kernel that did it. */
static void find_xdp(enum answer *xdp, enum answer *jit)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nestwg_probe", "GPL", pass,
			   sizeof(pass) / sizeof(pass[0]), NULL);
	*xdp = fd >= 0 ? ANSWER_YES : errno == EPERM ? ANSWER_UNKNOWN : ANSWER_NO;
	*jit = ANSWER_UNKNOWN;
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length))
		*jit = answer(info.jited_prog_len);
	close(fd);
}

enum answer feature_find_jit(void)
{
	enum answer xdp, jit;

	find_xdp(&xdp, &jit);
	return jit;
}

static enum answer find_ringbuf(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "nestwg_probe", 0, 0,
				(__u32)sysconf(_SC_PAGESIZE), NULL);

	if (fd < 0)
		return errno == EPERM ? ANSWER_UNKNOWN : ANSWER_NO;
	close(fd);
	return ANSWER_YES;
}

static enum answer find_bpffs(void)
{
	struct statfs fs;

	return answer(statfs(BPFFS, &fs) == 0 && fs.f_type == BPF_FS_MAGIC);
}

void features_find(enum answer answers[NR_FEATURES])
{
	answers[FEATURE_TCX] = feature_find_tcx();
	find_xdp(&answers[FEATURE_XDP], &answers[FEATURE_JIT]);
	answers[FEATURE_XDP_TOLD] = answer(xdp_support_is_told());
	answers[FEATURE_RINGBUF] = find_ringbuf();
	answers[FEATURE_BTF] = answer(access("/sys/kernel/btf/vmlinux", F_OK) == 0);
	answers[FEATURE_BPFFS] = find_bpffs();
}
