// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `init` is told, a setting a line (its first byte says which), and the files that come of it:
 * nothing may get into them that a shell, wg-quick or RouterOS reads otherwise than meant.
 */
#include <ctype.h>

#include "init_keys.h"
#include "init_plan.h"
#include "init_text.h"
#include "loader_fuzz.h"

static const char *(*const takes[])(struct init_plan *plan, const char *text) = {
	init_take_endpoint, init_take_nic, init_take_ssh, init_take_port, init_take_private_port,
	init_take_link_mtu, init_take_wan, init_take_home, init_take_private, init_take_phone,
	init_take_mikrotik, init_take_forward, init_take_forward, init_take_dir,
};

#define NR_TAKES (sizeof(takes) / sizeof(takes[0]))

/* As init_apply(): on a copy, and only if it goes together with the rest. */
static void apply(struct init_plan *plan, unsigned int which, const char *text)
{
	struct init_plan trial = *plan;
	const char *wrong = takes[which % NR_TAKES](&trial, text);

	if (!wrong)
		wrong = init_plan_wrong(&trial);
	if (!wrong)
		*plan = trial;
	else
		EXPECT(*wrong && strlen(wrong) < INIT_WHY_SIZE);
}

static void take_lines(struct init_plan *plan, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			apply(plan, (unsigned char)*line, line + 1);
}

static void complete(struct init_plan *plan)
{
	if (!*plan->endpoint)
		EXPECT(!init_take_endpoint(plan, "gw.example.org"));
	if (!*plan->nic)
		EXPECT(!init_take_nic(plan, "enp0s6"));
	if (!plan->link_mtu)
		EXPECT(!init_take_link_mtu(plan, "1500"));
	if (!plan->wan.length)
		EXPECT(!init_take_wan(plan, "10.0.18.0/30"));
	if (!plan->home.length)
		EXPECT(!init_take_home(plan, "192.168.16.0/24"));
	if (!plan->private.length)
		EXPECT(!init_take_private(plan, "192.168.17.0/24"));
}

/* The words of our own text apart, what is left is what came in. */
static void check_line(const char *line, size_t length, bool router_os)
{
	unsigned int quotes = 0;

	for (size_t i = 0; i < length; i++) {
		EXPECT(isascii(line[i]) && isprint(line[i]));
		EXPECT(!strchr("`\\|&*~", line[i]) && (router_os || !strchr("$;\"(){}", line[i])));
		quotes += line[i] == '"';
	}
	EXPECT(quotes % 2 == 0);
}

static void check_text(const struct init_text *text)
{
	bool router_os = strcmp(text->name, "router.rsc") == 0;

	EXPECT(text->used == strlen(text->s) && text->s[text->used - 1] == '\n');
	for (const char *line = text->s; *line; line += strcspn(line, "\n") + 1)
		if (*line != '#')
			check_line(line, strcspn(line, "\n"), router_os);
}

static void check_plan(const struct init_plan *plan)
{
	EXPECT(init_private_mtu(plan) >= 1120 && init_private_mtu(plan) < init_wan_mtu(plan));
	EXPECT(init_net_has(&plan->wan, init_net_host(&plan->wan, 2)));
	for (unsigned int i = 0; i < plan->nr_forwards; i++)
		EXPECT(plan->forwards[i].nr_ranges && (plan->forwards[i].tcp || plan->forwards[i].udp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct init_files *files = malloc(sizeof(*files));
	struct init_plan plan = {};
	struct init_keys keys;
	char *text;

	if (!files)
		abort();
	text = text_of(data, size);
	take_lines(&plan, text);
	complete(&plan);
	check_plan(&plan);
	init_keys_name(&keys);
	if (init_files_make(files, &plan, &keys))
		for (unsigned int i = 0; i < files->count; i++)
			check_text(&files->list[i]);
	free(text);
	free(files);
	return 0;
}
