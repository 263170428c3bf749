// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>

#include "error.h"
#include "exclude.h"
#include "exclusions.h"

#define DHCP_CLIENT_PORT 68

static void note_tcp(const struct exclusion *exclusion, void *found)
{
	if (exclusion->protocol == IPPROTO_TCP)
		*(bool *)found = true;
}

static void warn_without_ssh(const struct state *state, const char *nic)
{
	bool found = false;

	exclusions_each(state, note_tcp, &found);
	if (!found)
		warn(nic, "no SSH server and no SSH session was found, and no TCP port stays "
		     "here: if you come in by this interface, name its port with --allow");
}

struct exact {
	const struct state *state;
	const struct spec_list *wanted;
};

static bool is_wanted(const struct spec_list *list, uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->specs[i].protocol == protocol && list->specs[i].first <= port &&
		    list->specs[i].last >= port)
			return true;
	return false;
}

/* --exact */
static void forget_unwanted(const struct exclusion *exclusion, void *data)
{
	const struct exact *exact = data;

	if (!(exclusion->why & NESTWG_WHY_USER))
		return;
	for (uint32_t port = exclusion->first; port <= exclusion->last; port++)
		if (!is_wanted(exact->wanted, exclusion->protocol, (uint16_t)port))
			exclusions_forget(exact->state, exclusion->protocol, (uint16_t)port,
					  NESTWG_WHY_USER);
}

void exclude_planned(const struct state *state, const struct plan *plan,
		     const struct attach_options *options, const struct ssh_ports *ssh,
		     const struct nestwg_config *old)
{
	struct exact exact = { state, &options->allow };

	for (size_t i = 0; i < plan->nr_listen_ports; i++)
		exclusions_add(state, IPPROTO_UDP, plan->listen_ports[i], NESTWG_WHY_WIREGUARD);
	/* A tunnel that is not there now may come back, and wants its port; ours has moved. */
	if (old->wg_port && !plan_has_listen_port(plan, (uint16_t)old->wg_port))
		exclusions_forget(state, IPPROTO_UDP, (uint16_t)old->wg_port,
				  NESTWG_WHY_WIREGUARD);
	exclusions_add(state, IPPROTO_UDP, DHCP_CLIENT_PORT, NESTWG_WHY_DHCP);
	for (size_t i = 0; i < ssh->count; i++)
		exclusions_add(state, IPPROTO_TCP, ssh->list[i].port, ssh->list[i].why);
	for (size_t i = 0; i < options->allow.count; i++)
		exclusions_add_spec(state, &options->allow.specs[i]);
	if (options->exact)
		exclusions_each(state, forget_unwanted, &exact);
	if (!options->no_ssh)
		warn_without_ssh(state, plan->nic.name);
}
