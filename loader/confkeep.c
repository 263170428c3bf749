// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confedit.h"
#include "conffile.h"
#include "confkeep.h"
#include "error.h"
#include "exclusions.h"
#include "format.h"

static const char new_file[] =
"# What `" PROGRAM " attach %s` is to do; options of the command line win. See " PROGRAM "(8).\n"
"\n"
"# The WireGuard interface that leads to the home (default: the only one).\n"
"#WireGuard = wg0\n"
"\n"
"# The home router's address in the tunnel (default: the only single one in the AllowedIPs of\n"
"# the tunnel's peers).\n"
"#Peer = 10.0.18.2\n"
"\n"
"# Which of the IPv4 addresses of %s is given to the home (default: the first).\n"
"#Address = 192.0.2.10\n"
"\n"
"# auto (native if the driver can, else tc), native, generic or tc.\n"
"#Mode = auto\n"
"\n"
"# Whether the ports of sshd and of the SSH session stay on the gateway by themselves.\n"
"#KeepSSH = yes\n"
"\n"
"# What stays on the gateway besides; `" PROGRAM " allow` and `disallow` keep it up to date.\n"
"#Allow = 2222/tcp, 60000-61000/udp, icmp\n";

/* Frees the text that it was. */
static char *replaced(char *old, char *new)
{
	free(old);
	return new;
}

static char *set(char *text, const char *key, const char *value)
{
	return text ? replaced(text, confedit_set(text, key, value)) : NULL;
}

static char *edit_all(char *text, const struct spec_list *specs,
		      char *(*edit)(const char *text, const struct spec *spec))
{
	for (size_t i = 0; text && i < specs->count; i++)
		text = replaced(text, edit(text, &specs->specs[i]));
	return text;
}

static int prepare(struct replacement *replacement, const struct conffile *file, char *text)
{
	if (!text)
		return fail(file->path, "cannot change it: %s", strerror(ENOMEM));
	if (file->text && strcmp(text, file->text) == 0)
		return 0;
	if (strlen(text) > CONFFILE_MAX)
		return fail(file->path, "cannot change it: %s", strerror(EFBIG));
	return replacement_prepare(replacement, file->path, text);
}

int confkeep_prepare(struct replacement *replacement, const char *nic,
		     const struct spec_list *specs,
		     char *(*edit)(const char *text, const struct spec *spec))
{
	struct conffile file;
	char path[PATH_MAX];
	char *text;
	int err;

	memset(replacement, 0, sizeof(*replacement));
	conffile_path(path, nic);
	err = conffile_read(&file, path);
	if (!err && file.text) {
		text = edit_all(strdup(file.text), specs, edit);
		err = prepare(replacement, &file, text);
		free(text);
		conffile_free(&file);
	}
	if (err)
		fail(nic, "nothing was changed; --runtime leaves the file alone");
	return err;
}

static char *new_text(const char *nic)
{
	char *text;

	return asprintf(&text, new_file, nic, nic) < 0 ? NULL : text;
}

static void allow_in_text(const struct exclusion *exclusion, void *data)
{
	const struct spec spec = {
		.protocol = exclusion->protocol,
		.first = exclusion->first,
		.last = exclusion->last,
	};
	char **text = data;

	/* A protocol that has no name cannot have been allowed. */
	if (*text && exclusion->why & NESTWG_WHY_USER)
		*text = replaced(*text, confedit_allow(*text, &spec));
}

/* Whether an attach that is not told would have to ask which one. */
static bool peer_is_chosen(const struct plan *plan)
{
	size_t single = 0;

	for (size_t i = 0; i < plan->wg.nr_prefixes; i++)
		single += plan->wg.prefixes[i].length == 32;
	return single != 1;
}

static bool address_is_chosen(const struct plan *plan)
{
	return plan->address != netif_primary_address(&plan->addresses, plan->nic.ifindex);
}

/* Also what an earlier attach was told and still holds: after a boot nobody else would know it. */
static char *text_to_save(const struct conffile *file, const struct attach_options *options,
			  const struct plan *plan, const struct state *state)
{
	char *text = file->text ? strdup(file->text) : new_text(plan->nic.name);

	text = set(text, "WireGuard", plan->tunnel.name);
	if (options->peer || peer_is_chosen(plan))
		text = set(text, "Peer", address_text(plan->peer).s);
	if (options->address || address_is_chosen(plan))
		text = set(text, "Address", address_text(plan->address).s);
	if (options->mode_given || plan->mode != NESTWG_MODE_AUTO)
		text = set(text, "Mode", mode_name(plan->mode));
	if (options->no_ssh)
		text = set(text, "KeepSSH", "no");
	exclusions_each(state, allow_in_text, &text);
	return text;
}

int confkeep_save(const char *path, const struct attach_options *options, const struct plan *plan)
{
	struct replacement replacement = {};
	struct conffile file;
	struct state state;
	char *text;
	int err;

	err = conffile_read(&file, path);
	if (err)
		return err;
	err = state_open(&state, plan->nic.name);
	if (err) {
		err = fail(plan->nic.name, "cannot open its pinned maps: %s", strerror(-err));
	} else {
		text = text_to_save(&file, options, plan, &state);
		err = prepare(&replacement, &file, text);
		if (!err)
			err = replacement_commit(&replacement);
		free(text);
		state_close(&state);
	}
	conffile_free(&file);
	return err;
}
