// SPDX-License-Identifier: GPL-2.0-only
/* What an iptables set-up leaves behind besides its rules. */
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conntrack.h"
#include "doctor.h"

#define WG_QUICK_FILES	"/etc/wireguard/*.conf"
#define SCRIPT_SIZE	1024

/* A hook of wg-quick(8) that puts or removes a rule of an iptables set-up. */
static bool is_old_hook(const char *line)
{
	static const char *const keys[] = { "PreUp", "PostUp", "PreDown", "PostDown" };

	line += strspn(line, " \t");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t length = strlen(keys[i]);

		if (strncasecmp(line, keys[i], length) == 0 && strchr(" \t=", line[length]) &&
		    line[length])
			return strstr(line, "iptables") && strstr(line, "nat") &&
			       strstr(line, "PREROUTING");
	}
	return false;
}

/* "-e '12s/^/#/' ..." for each such line; false if there is none. */
static bool make_script(const char *path, char script[SCRIPT_SIZE], unsigned int *lines)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	size_t used = 0, size = 0;
	char *line = NULL;

	*lines = 0;
	if (!file)
		return false;
	while (getline(&line, &size, file) > 0) {
		number++;
		if (!is_old_hook(line) || used > SCRIPT_SIZE - 40)
			continue;
		(*lines)++;
		used += (size_t)snprintf(script + used, SCRIPT_SIZE - used, " -e '%us/^/#/'",
					 number);
	}
	free(line);
	fclose(file);
	return *lines > 0;
}

/* Rules that are deleted come back with the next `wg-quick up`, and `down` fails without them. */
static void look_at_file(struct doctor *doctor, const char *path)
{
	char script[SCRIPT_SIZE];
	unsigned int lines;

	if (!make_script(path, script, &lines))
		return;
	found(doctor, doctor_attached(doctor) ? SEVERITY_WARNING : SEVERITY_NOTE,
	      "%s has %u line%s with iptables rules that nestwg-xdp replaces", path, lines,
	      lines == 1 ? "" : "s");
	if (!strpbrk(path, " \t\n'\"\\$`&|;<>()*?[]#~!{}"))
		mend(doctor, "sed -i%s %s", script, path);
}

void check_wg_quick(struct doctor *doctor)
{
	glob_t files;

	if (glob(WG_QUICK_FILES, 0, NULL, &files))
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		look_at_file(doctor, files.gl_pathv[i]);
	globfree(&files);
}

struct search {
	__be32 address;
	__be16 port;
	unsigned int count;
};

static void count_translated(const struct conntrack_flow *flow, void *data)
{
	struct search *search = data;

	search->count += flow->original.protocol == IPPROTO_UDP &&
			 flow->original.destination == search->address &&
			 flow->original.destination_port == search->port &&
			 flow->reply.source != search->address;
}

/* A connection once translated stays so when the rule has gone, and the router keeps calling. */
void check_translated(struct doctor *doctor)
{
	struct search search = { .address = doctor->address };

	if (!doctor->wg || !doctor->wg->listen_port)
		return;
	search.port = htons(doctor->wg->listen_port);
	if (conntrack_each(count_translated, &search) || !search.count)
		return;
	found(doctor, SEVERITY_PROBLEM, "connection tracking still sends the tunnel's own packets "
	      "(UDP %u) elsewhere, as a DNAT rule once said", doctor->wg->listen_port);
	mend(doctor, "conntrack -D -p udp --orig-port-dst %u", doctor->wg->listen_port);
}
