// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "init_steps.h"

#define QUOTED_SIZE (4 * PATH_MAX + 5)

/* For a shell, in quotes only if it needs them. A name that begins with '-' is no option then. */
static void quote(const char *path, char quoted[QUOTED_SIZE])
{
	bool plain = true;

	for (const char *c = path; *c; c++)
		plain &= isascii(*c) && (isalnum(*c) || strchr("_.,/@%+=:-", *c));
	if (*path == '-')
		quoted = stpcpy(quoted, "./");
	if (plain) {
		strcpy(quoted, path);
		return;
	}
	*quoted++ = '\'';
	for (; *path; path++) {
		if (*path == '\'')
			quoted = stpcpy(quoted, "'\\'");
		*quoted++ = *path;
	}
	strcpy(quoted, "'");
}

static void print_router(const struct init_plan *plan, const char *dir)
{
	if (plan->mikrotik)
		printf("  the router   scp %s/router.rsc admin@ROUTER:\n"
		       "               and there: /import file-name=router.rsc; /file remove "
		       "router.rsc\n", dir);
	else
		printf("  the router   scp -p %s/wgwan.conf %s/wgprivate.conf "
		       "root@ROUTER:/etc/wireguard/\n"
		       "               and there: systemctl enable --now wg-quick@wgwan "
		       "wg-quick@wgprivate\n", dir, dir);
}

static void print_firewall(const struct init_plan *plan)
{
	printf("  the cloud    let in, in the provider's firewall: %u/udp (the WAN VPN), %u/udp "
	       "(the private VPN)", plan->port, plan->private_port);
	for (unsigned int i = 0; i < plan->nr_forwards; i++) {
		const struct init_forward *forward = &plan->forwards[i];
		char ports[INIT_PORTS_SIZE];

		init_ports_text(forward, '-', ports);
		printf(", %s%s", ports, forward->tcp && forward->udp ? "" :
		       forward->tcp ? "/tcp" : "/udp");
	}
	putchar('\n');
}

void init_steps_print(const struct init_plan *plan, const struct init_files *files, bool qr_shown)
{
	char dir[QUOTED_SIZE];

	quote(plan->dir, dir);
	puts("Written, readable by you alone:");
	for (unsigned int i = 0; i < files->count; i++)
		printf("  %s/%s: %s\n", dir, files->list[i].name, files->list[i].whose);
	printf("\nNow:\n"
	       "  the gateway  sudo install -m 600 %s/wg0.conf /etc/wireguard/wg0.conf\n"
	       "               sudo systemctl enable --now wg-quick@wg0\n", dir);
	print_firewall(plan);
	print_router(plan, dir);
	if (qr_shown)
		puts("  the phone    scan the code above in the WireGuard app");
	else
		printf("  the phone    qrencode -t ansiutf8 <%s/phone.conf   (apt install qrencode), "
		       "and scan it in the WireGuard app\n", dir);
	printf("  then         sudo nestwg-xdp status; and rm -r %s: it holds the private keys\n",
	       dir);
}
