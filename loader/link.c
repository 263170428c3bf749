// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "link.h"

/* include/uapi/linux/bpf.h since 6.6 */
#define LINK_TYPE_TCX 11

int link_find(int ifindex, __u32 program_id)
{
	__u32 id = 0;

	while (bpf_link_get_next_id(id, &id) == 0) {
		struct bpf_link_info info = {};
		__u32 length = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0)
			continue;
		/* tcx.ifindex, which is newer than some headers, is the same word as XDP's. */
		if (!bpf_obj_get_info_by_fd(fd, &info, &length) &&
		    (info.type == BPF_LINK_TYPE_XDP || info.type == LINK_TYPE_TCX) &&
		    info.prog_id == program_id && info.xdp.ifindex == (__u32)ifindex)
			return fd;
		close(fd);
	}
	return -ENOENT;
}
