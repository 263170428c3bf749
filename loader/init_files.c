// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "init_text.h"

typedef void make_text(struct init_text *text, const struct init_plan *plan,
		       const struct init_keys *keys);

void init_text_add(struct init_text *text, const char *format, ...)
{
	va_list args;
	int length;

	if (text->used >= INIT_TEXT_SIZE)
		return;
	va_start(args, format);
	length = vsnprintf(text->s + text->used, INIT_TEXT_SIZE - text->used, format, args);
	va_end(args);
	text->used += length < 0 ? INIT_TEXT_SIZE : (size_t)length;
}

static void add_file(struct init_files *files, const struct init_plan *plan,
		     const struct init_keys *keys, const char *name, const char *whose,
		     make_text *make)
{
	struct init_text *text = &files->list[files->count++];

	text->name = name;
	text->whose = whose;
	text->used = 0;
	make(text, plan, keys);
}

bool init_files_make(struct init_files *files, const struct init_plan *plan,
		     const struct init_keys *keys)
{
	bool room = true;

	files->count = 0;
	add_file(files, plan, keys, "wg0.conf", "the gateway: the WAN VPN", init_text_wg0);
	if (plan->mikrotik) {
		add_file(files, plan, keys, "router.rsc", "the home router, RouterOS: both VPNs",
			 init_text_mikrotik);
	} else {
		add_file(files, plan, keys, "wgwan.conf", "the home router: the WAN VPN",
			 init_text_wgwan);
		add_file(files, plan, keys, "wgprivate.conf", "the home router: the private VPN",
			 init_text_wgprivate);
	}
	add_file(files, plan, keys, "phone.conf", "the phone: the private VPN", init_text_phone);
	for (unsigned int i = 0; i < files->count; i++)
		room &= files->list[i].used < INIT_TEXT_SIZE;
	return room;
}

const struct init_text *init_files_find(const struct init_files *files, const char *name)
{
	for (unsigned int i = 0; i < files->count; i++)
		if (strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	return NULL;
}
