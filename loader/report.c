// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "report.h"
#include "wireguard.h"

__attribute__((format(printf, 2, 3)))
static void add_problem(struct report *report, const char *format, ...)
{
	va_list args;

	if (report->nr_problems == PROBLEMS_MAX)
		return;
	va_start(args, format);
	vsnprintf(report->problems[report->nr_problems++], PROBLEM_SIZE, format, args);
	va_end(args);
}

static bool hook_is_wanted(const struct report *report, enum hook_id id)
{
	return id != HOOK_INGRESS || report->state.config.mode != NESTWG_MODE_TC;
}

/* False if they run in another network namespace, from where nothing else can be seen either. */
static bool check_hooks(struct report *report)
{
	const char *name = report->name;

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		struct hook_state *hook = &report->hooks[id];

		*hook = hook_look(name, id, &report->state.config);
		if (!hook_is_wanted(report, id) || hook->health == HOOK_ALIVE)
			continue;
		if (hook->health == HOOK_ELSEWHERE) {
			add_problem(report, "it is attached in another network namespace; look "
				    "from there");
			return false;
		}
		add_problem(report, "nestwg_%s (%s) is not attached%s; `" PROGRAM " attach %s` "
			    "repairs it", hook_name(id), hook_where(id),
			    hook->health == HOOK_GONE ? ": its interface has gone" : "", name);
	}
	return true;
}

static void check_nic(struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	struct netif_addresses addresses;
	const char *name = report->name;

	if (netif_by_name(name, &report->nic)) {
		add_problem(report, "there is no interface %s here; `" PROGRAM " detach %s` "
			    "removes what is left", name, name);
		return;
	}
	if ((__u32)report->nic.ifindex != config->nic_ifindex) {
		add_problem(report, "%s is another interface than when it was attached (number %d, "
			    "was %u); `" PROGRAM " attach %s` again", name, report->nic.ifindex,
			    config->nic_ifindex, name);
		return;
	}
	if (netif_addresses_get(&addresses))
		return;
	if (!netif_has_address(&addresses, report->nic.ifindex, config->address))
		add_problem(report, "%s is no longer an address of %s; `" PROGRAM " attach %s` "
			    "again", address_text(config->address).s, name, name);
	netif_addresses_free(&addresses);
}

static void check_tunnel(struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	const char *name = report->name;
	int err;

	if (netif_by_index((int)config->wg_ifindex, &report->tunnel)) {
		add_problem(report, "its tunnel %s has gone or was made anew; when it is there, `"
			    PROGRAM " attach %s` again", config->wg_name, name);
		return;
	}
	if (!(report->tunnel.flags & IFF_UP))
		add_problem(report, "its tunnel %s is down; ip link set %s up", report->tunnel.name,
			    report->tunnel.name);
	err = wg_device_get(report->tunnel.name, &report->wg);
	if (err) {
		add_problem(report, "cannot ask WireGuard about %s: %s", report->tunnel.name,
			    err == -ENOENT ? "install wireguard-tools" : strerror(-err));
		return;
	}
	report->peer = wg_device_peer(&report->wg, config->peer);
	if (!report->peer)
		add_problem(report, "no peer of %s has %s in its AllowedIPs any more: nothing gets "
			    "through", report->tunnel.name, address_text(config->peer).s);
	if (report->wg.listen_port &&
	    !exclusions_have(&report->state, IPPROTO_UDP, report->wg.listen_port))
		add_problem(report, "WireGuard's port %u/udp does not stay on the gateway: the "
			    "tunnel cannot work; `" PROGRAM " attach %s` again",
			    report->wg.listen_port, name);
}

void report_make(struct report *report, const char *nic)
{
	int err;

	memset(report, 0, sizeof(*report));
	report->name = nic;
	err = state_open(&report->state, nic);
	if (!err)
		err = state_read_counters(&report->state, report->counters);
	if (err || !report->state.config.attached_at) {
		if (!err)
			state_close(&report->state);
		add_problem(report, "an attach was not completed%s%s; `" PROGRAM " attach %s` or `"
			    PROGRAM " detach %s`", err && err != -ENOENT ? ": " : "",
			    err && err != -ENOENT ? strerror(-err) : "", nic, nic);
		return;
	}
	report->readable = true;
	report->own_flows = state_count_flows(&report->state);
	if (!check_hooks(report))
		return;
	check_nic(report);
	check_tunnel(report);
}

void report_free(struct report *report)
{
	wg_device_free(&report->wg);
	if (report->readable)
		state_close(&report->state);
}
