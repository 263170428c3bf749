// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "pins.h"
#include "preflight.h"

#define KERNEL_MAJOR 5
#define KERNEL_MINOR 15

static bool has_capability(const struct __user_cap_data_struct *sets, unsigned int capability)
{
	return sets[capability / 32].effective & 1u << capability % 32;
}

int preflight_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, sets) < 0)
		return fail(NULL, "cannot read the capabilities: %s", strerror(errno));
	if (has_capability(sets, CAP_NET_ADMIN) &&
	    (has_capability(sets, CAP_BPF) || has_capability(sets, CAP_SYS_ADMIN)))
		return 0;
	return fail(NULL, "cannot use BPF and network interfaces: %s; run as root",
		    strerror(EPERM));
}

int preflight_kernel(void)
{
	struct utsname name;
	int major, minor;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return fail(NULL, "cannot find out the kernel's version: %s", strerror(errno));
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR))
		return 0;
	return fail(NULL, "this kernel is too old (%s); %d.%d or later is needed", name.release,
		    KERNEL_MAJOR, KERNEL_MINOR);
}

int preflight_bpffs(void)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return 0;
	return fail(BPFFS, "no BPF file system is mounted there; mount -t bpf bpf " BPFFS);
}

int preflight(void)
{
	if (preflight_rights() || preflight_kernel())
		return -1;
	return preflight_bpffs();
}
