// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "pending.h"
#include "pins.h"
#include "renamed.h"
#include "report.h"
#include "wireguard.h"

__attribute__((format(printf, 3, 4)))
static void add_problem(struct report *report, enum remedy remedy, const char *format, ...)
{
	va_list args;

	if (report->nr_problems == PROBLEMS_MAX)
		return;
	report->remedies[report->nr_problems] = remedy;
	va_start(args, format);
	vsnprintf(report->problems[report->nr_problems++], PROBLEM_SIZE, format, args);
	va_end(args);
}

static bool hook_is_wanted(const struct report *report, enum hook_id id)
{
	return id != HOOK_INGRESS || report->state.config.mode != NESTWG_MODE_TC;
}

static int place(const struct report *report, enum hook_id id)
{
	const struct nestwg_config *config = &report->state.config;

	return (int)(id == HOOK_RETURN ? config->wg_ifindex : config->nic_ifindex);
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
			add_problem(report, REMEDY_NONE,
				    "it is attached in another network namespace; look "
				    "from there");
			return false;
		}
		add_problem(report, REMEDY_ATTACH,
			    "nestwg_%s (%s) is not attached%s; `" PROGRAM " attach %s` "
			    "repairs it", hook_name(id), hook_where(id),
			    hook->health == HOOK_GONE ? ": its interface has gone" : "", name);
	}
	return true;
}

/* Left by a command that was killed: it has our maps, but is not where it belongs. */
static void check_others(struct report *report, const struct running_list *all)
{
	__u32 map = state_config_map(report->name);

	for (size_t i = 0; map && i < all->count; i++) {
		const struct running *one = &all->list[i];
		enum hook_id id = one->identity.hook;

		if (one->identity.config_map != map ||
		    (one->program_id == report->hooks[id].program_id &&
		     one->netif.ifindex == place(report, id)))
			continue;
		add_problem(report, REMEDY_ATTACH,
			    "nestwg_%s also runs on %s; `" PROGRAM " attach %s` repairs it",
			    hook_name(id), one->netif.name, report->name);
	}
}

static bool check_name(struct report *report)
{
	struct netif now;

	if (!renamed_to(report->name, &report->state.config, &now))
		return true;
	report->nic = now;
	add_problem(report, REMEDY_RENAMED,
		    "%s is called %s now; `" PROGRAM " attach %s` puts it all under that "
		    "name", report->name, now.name, now.name);
	return false;
}

static void check_nic(struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	struct netif_addresses addresses;
	const char *name = report->name;

	if (!check_name(report))
		return;

	if (netif_by_name(name, &report->nic)) {
		add_problem(report, REMEDY_DETACH,
			    "there is no interface %s here; `" PROGRAM " detach %s` "
			    "removes what is left", name, name);
		return;
	}
	if ((__u32)report->nic.ifindex != config->nic_ifindex) {
		add_problem(report, REMEDY_ATTACH,
			    "%s is another interface than when it was attached (number %d, "
			    "was %u); `" PROGRAM " attach %s` again", name, report->nic.ifindex,
			    config->nic_ifindex, name);
		return;
	}
	if (!(report->nic.flags & IFF_UP))
		add_problem(report, REMEDY_NIC_UP, "%s is down; ip link set %s up", name, name);
	if (netif_addresses_get(&addresses))
		return;
	if (!netif_has_address(&addresses, report->nic.ifindex, config->address))
		add_problem(report, REMEDY_ATTACH,
			    "%s is no longer an address of %s; `" PROGRAM " attach %s` "
			    "again", address_text(config->address).s, name, name);
	netif_addresses_free(&addresses);
}

static void check_tunnel(struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	const char *name = report->name;
	int err;

	if (netif_by_index((int)config->wg_ifindex, &report->tunnel)) {
		add_problem(report, REMEDY_ATTACH,
			    "its tunnel %s has gone or was made anew; when it is there, `"
			    PROGRAM " attach %s` again", config->wg_name, name);
		return;
	}
	if (!(report->tunnel.flags & IFF_UP))
		add_problem(report, REMEDY_TUNNEL_UP,
			    "its tunnel %s is down; ip link set %s up", report->tunnel.name,
			    report->tunnel.name);
	err = wg_device_get(report->tunnel.name, &report->wg);
	if (err) {
		add_problem(report, REMEDY_NONE,
			    "cannot ask WireGuard about %s: %s", report->tunnel.name,
			    err == -ENOENT ? "install wireguard-tools" : strerror(-err));
		return;
	}
	report->peer = wg_device_peer(&report->wg, config->peer);
	if (!report->peer)
		add_problem(report, REMEDY_ALLOWED_IPS,
			    "no peer of %s has %s in its AllowedIPs any more: nothing gets "
			    "through", report->tunnel.name, address_text(config->peer).s);
	if (report->wg.listen_port &&
	    !exclusions_have(&report->state, IPPROTO_UDP, report->wg.listen_port))
		add_problem(report, REMEDY_ATTACH,
			    "WireGuard's port %u/udp does not stay on the gateway: the "
			    "tunnel cannot work; `" PROGRAM " attach %s` again",
			    report->wg.listen_port, name);
}

/* One more of a list in words. */
__attribute__((format(printf, 2, 3)))
static void append(char text[PROBLEM_SIZE], const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	if (used)
		used += (size_t)snprintf(text + used, PROBLEM_SIZE - used, ", ");
	if (used >= PROBLEM_SIZE)
		return;
	va_start(args, format);
	vsnprintf(text + used, PROBLEM_SIZE - used, format, args);
	va_end(args);
}

static void append_program(char text[PROBLEM_SIZE], const struct running *one)
{
	append(text, "%s on %s", hook_name(one->identity.hook), one->netif.name);
}

/* Which of its programs run, of a state that is not complete. */
static void list_running(const char *nic, const struct running_list *all, char text[PROBLEM_SIZE])
{
	__u32 map = state_config_map(nic);

	for (size_t i = 0; map && i < all->count; i++)
		if (all->list[i].identity.config_map == map)
			append_program(text, &all->list[i]);
}

static void report_incomplete(struct report *report, const struct running_list *all, int err)
{
	char running[PROBLEM_SIZE] = "";

	list_running(report->name, all, running);
	add_problem(report, REMEDY_ATTACH,
		    "an attach or a detach was not completed%s%s%s%s%s; `" PROGRAM " attach %s`"
		    " or `" PROGRAM " detach %s`", *running ? " (" : "", running,
		    *running ? " run)" : "", err && err != -ENOENT ? ": " : "",
		    err && err != -ENOENT ? strerror(-err) : "", report->name, report->name);
}

void report_make(struct report *report, const char *nic, const struct running_list *all)
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
		report_incomplete(report, all, err);
		return;
	}
	report->readable = true;
	report->own_flows = state_count_flows(&report->state);
	if (pending_has_lapsed(&report->state.config))
		add_problem(report, REMEDY_ATTACH,
			    "it was not confirmed in time, and what should have taken it "
			    "back was killed: everything goes to the gateway; `" PROGRAM
			    " attach %s` or `" PROGRAM " detach %s`", nic, nic);
	if (!check_hooks(report))
		return;
	check_others(report, all);
	check_nic(report);
	check_tunnel(report);
}

void report_stray(struct report *report, const struct netif *netif, const struct running_list *all)
{
	char text[PROBLEM_SIZE] = "";

	memset(report, 0, sizeof(*report));
	report->name = netif->name;
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].netif.ifindex == netif->ifindex)
			append(text, "%s (%s)", hook_name(all->list[i].identity.hook),
			       hook_where(all->list[i].identity.hook));
	add_problem(report, REMEDY_DETACH,
		    "programs run here whose pins are not in " PINS_ROOT ": %s; `" PROGRAM
		    " detach %s` removes them", text, netif->name);
}

void report_add_strays(struct report *report, const struct running_list *strays)
{
	char text[PROBLEM_SIZE] = "";

	for (size_t i = 0; i < strays->count; i++)
		if (running_is_with(strays, &strays->list[i], report->name))
			append_program(text, &strays->list[i]);
	if (*text)
		add_problem(report, REMEDY_ATTACH,
			    "programs run here whose pins are not in " PINS_ROOT ": %s; `"
			    PROGRAM " attach %s` or `" PROGRAM " detach %s` removes them", text,
			    report->name, report->name);
}

void report_remedy(const struct report *report, unsigned int problem, char text[REMEDY_SIZE])
{
	const char *nic = report->name;

	text[0] = '\0';
	switch (report->remedies[problem]) {
	case REMEDY_NONE:
	case REMEDY_ALLOWED_IPS:
		break;
	case REMEDY_ATTACH:
		snprintf(text, REMEDY_SIZE, PROGRAM " attach %s", nic);
		break;
	case REMEDY_RENAMED:
		snprintf(text, REMEDY_SIZE, PROGRAM " attach %s", report->nic.name);
		break;
	case REMEDY_DETACH:
		snprintf(text, REMEDY_SIZE, PROGRAM " detach %s", nic);
		break;
	case REMEDY_NIC_UP:
		snprintf(text, REMEDY_SIZE, "ip link set %s up", nic);
		break;
	case REMEDY_TUNNEL_UP:
		snprintf(text, REMEDY_SIZE, "ip link set %s up", report->tunnel.name);
		break;
	}
}

void report_free(struct report *report)
{
	wg_device_free(&report->wg);
	if (report->readable)
		state_close(&report->state);
}
