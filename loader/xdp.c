// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "netif.h"
#include "verbose.h"
#include "xdp.h"

int xdp_query(int ifindex, struct xdp_program *program)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int err, fd;

	memset(program, 0, sizeof(*program));
	program->fd = -1;
	err = bpf_xdp_query(ifindex, 0, &opts);
	if (err)
		return err;
	if (opts.drv_prog_id) {
		program->id = opts.drv_prog_id;
		program->flags = XDP_FLAGS_DRV_MODE;
	} else if (opts.skb_prog_id) {
		program->id = opts.skb_prog_id;
		program->flags = XDP_FLAGS_SKB_MODE;
	} else if (opts.hw_prog_id) {
		program->id = opts.hw_prog_id;
		program->flags = XDP_FLAGS_HW_MODE;
	} else {
		return 0;
	}

	fd = bpf_prog_get_fd_by_id(program->id);
	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length))
		memcpy(program->name, info.name, sizeof(program->name));
	close(fd);
	return 0;
}

int xdp_remove(int ifindex, struct xdp_program *program)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int link, err;

	program->fd = bpf_prog_get_fd_by_id(program->id);
	if (program->fd < 0)
		return -errno;
	link = link_find(ifindex, program->id);
	if (link >= 0) {
		err = bpf_link_detach(link);
		close(link);
	} else {
		/* Not if it has changed since we looked. */
		opts.old_prog_fd = program->fd;
		err = bpf_xdp_detach(ifindex, program->flags | XDP_FLAGS_REPLACE, &opts);
	}
	if (err)
		xdp_release(program);
	else
		did("ip link set dev %s xdp off: %s (id %u)", netif_text(ifindex).s, program->name,
		    program->id);
	return err;
}

int xdp_restore(int ifindex, const struct xdp_program *program)
{
	int err;

	if (program->fd < 0)
		return 0;
	err = bpf_xdp_attach(ifindex, program->fd,
			     program->flags | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (!err)
		did("ip link set dev %s xdp: %s (id %u), as before", netif_text(ifindex).s,
		    program->name, program->id);
	return err;
}

void xdp_release(struct xdp_program *program)
{
	if (program->fd >= 0)
		close(program->fd);
	program->fd = -1;
}
