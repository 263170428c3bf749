// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>

#include "driver.h"
#include "exclusions.h"
#include "format.h"
#include "json_add.h"
#include "pending.h"
#include "reasons_table.h"
#include "status_json.h"

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void add_address(struct json_object *object, const char *key, __be32 address)
{
	json_add_text(object, key, address ? address_text(address).s : NULL);
}

static struct json_object *hooks_json(const struct report *report)
{
	struct json_object *hooks = json_object_new_object();

	for (enum hook_id id = 0; id < NR_HOOKS; id++) {
		const struct hook_state *state = &report->hooks[id];
		struct json_object *hook = json_object_new_object();
		const char *kind = report->state.config.tcx ? "tcx" : "clsact";

		json_add_text(hook, "kind", id == HOOK_INGRESS ? "xdp" : kind);
		json_add_flag(hook, "attached", state->health == HOOK_ALIVE);
		json_add_number(hook, "program_id", state->program_id);
		add(hooks, hook_name(id), hook);
	}
	return hooks;
}

static struct json_object *wireguard_json(const struct report *report)
{
	struct json_object *wireguard = json_object_new_object();

	json_add_text(wireguard, "interface", report->tunnel.name);
	json_add_number(wireguard, "ifindex", report->state.config.wg_ifindex);
	json_add_number(wireguard, "mtu", report->tunnel.mtu);
	json_add_number(wireguard, "listen_port", report->wg.listen_port);
	add_address(wireguard, "address", report->state.config.tunnel_address);
	return wireguard;
}

static struct json_object *peer_json(const struct report *report)
{
	struct json_object *peer = json_object_new_object();

	add_address(peer, "address", report->state.config.peer);
	json_add_text(peer, "endpoint", report->peer ? report->peer->endpoint : NULL);
	json_add_number(peer, "latest_handshake", report->peer ? report->peer->handshake : 0);
	return peer;
}

static struct json_object *why_json(uint8_t why)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int bit = 0; why_name(bit); bit++)
		if (why & 1u << bit)
			json_object_array_add(list, json_object_new_string(why_name(bit)));
	return list;
}

static void add_exclusion(const struct exclusion *exclusion, void *list)
{
	struct json_object *object = json_object_new_object();
	char text[EXCLUSION_TEXT_SIZE];

	exclusion_text(exclusion, text);
	json_add_text(object, "spec", text);
	json_add_number(object, "protocol", exclusion->protocol);
	if (exclusion->first) {
		json_add_number(object, "first_port", exclusion->first);
		json_add_number(object, "last_port", exclusion->last);
	}
	add(object, "why", why_json(exclusion->why));
	json_object_array_add(list, object);
}

struct json_object *exclusions_json(const struct state *state)
{
	struct json_object *list = json_object_new_array();

	exclusions_each(state, add_exclusion, list);
	return list;
}

static void add_readable(struct json_object *object, const struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	char reason[DRIVER_TEXT_SIZE];

	json_add_number(object, "ifindex", config->nic_ifindex);
	json_add_text(object, "mode", mode_name(config->mode));
	json_add_text(object, "mode_wanted", mode_name(config->mode_wanted));
	driver_mode_reason(report->name, config, reason);
	json_add_text(object, "mode_reason", *reason ? reason : NULL);
	json_add_text(object, "native_error", config->native_error ? strerror(config->native_error) :
								NULL);
	add(object, "hooks", hooks_json(report));
	add_address(object, "address", config->address);
	add(object, "wireguard", wireguard_json(report));
	add(object, "peer", peer_json(report));
	add(object, "exclusions", exclusions_json(&report->state));
	json_add_number(object, "own_flows", report->own_flows);
	json_add_number(object, "attached_at", config->attached_at);
	add(object, "taken_back_in", config->deadline ?
	    json_object_new_uint64(pending_seconds(config)) : NULL);
	add(object, "counters", counters_json(report->counters));
}

struct json_object *report_json(const struct report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *problems = json_object_new_array();

	json_add_text(object, "interface", report->name);
	json_add_flag(object, "complete", report->readable);
	if (report->readable)
		add_readable(object, report);
	for (unsigned int i = 0; i < report->nr_problems; i++)
		json_object_array_add(problems, json_object_new_string(report->problems[i]));
	add(object, "problems", problems);
	return object;
}
