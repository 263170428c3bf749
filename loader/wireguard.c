// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "netif.h"
#include "run.h"
#include "wireguard.h"

static int add_name(struct wg_names *names, const char *name)
{
	char (*list)[IFNAMSIZ];
	struct netif netif;

	/* A userspace WireGuard is listed in all namespaces: its socket is in the file system. */
	if (netif_by_name(name, &netif))
		return 0;
	list = reallocarray(names->list, names->count + 1, sizeof(*list));
	if (!list)
		return fail(NULL, "cannot list the WireGuard interfaces: %s", strerror(errno));
	names->list = list;
	memcpy(list[names->count++], netif.name, IFNAMSIZ);
	return 0;
}

int wg_names_get(struct wg_names *names)
{
	const char *const argv[] = { "wg", "show", "interfaces", NULL };
	char *output, *rest, *name;
	int status;

	memset(names, 0, sizeof(*names));
	status = run(argv, &output);
	if (status == -ENOENT)
		return fail("wg", "not found; install wireguard-tools");
	if (status < 0)
		return fail("wg", "cannot run it: %s", strerror(-status));
	if (status > 0) {
		free(output);
		return fail("wg", "`wg show interfaces` failed with exit status %d; see what it "
			    "says", status);
	}

	rest = output;
	while (!status && (name = strsep(&rest, " \n")))
		if (*name)
			status = add_name(names, name);
	free(output);
	if (status)
		wg_names_free(names);
	return status;
}

void wg_names_free(struct wg_names *names)
{
	free(names->list);
	memset(names, 0, sizeof(*names));
}

bool wg_names_have(const struct wg_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

int wg_device_get(const char *name, struct wg_device *device)
{
	const char *const argv[] = { "wg", "show", name, "dump", NULL };
	size_t length;
	char *output;
	int err;

	memset(device, 0, sizeof(*device));
	err = run(argv, &output);
	if (err < 0)
		return err;
	length = strlen(output);
	err = err ? -ENODEV : wg_dump_parse(output, device);

	/* The private key was in it. */
	explicit_bzero(output, length);
	free(output);
	return err;
}
