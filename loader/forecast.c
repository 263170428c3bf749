// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <stdio.h>

#include "colour.h"
#include "exclusions.h"
#include "forecast.h"
#include "format.h"
#include "json_add.h"
#include "reasons_table.h"
#include "status_json.h"

bool forecast_stays(const struct forecast *forecast, const struct service *service)
{
	for (uint32_t port = service->port; port <= service->last; port++)
		if (!exclusions_have(&forecast->state, service->protocol, (uint16_t)port))
			return false;
	return true;
}

static void spec_of(const struct service *service, char text[EXCLUSION_TEXT_SIZE])
{
	const struct exclusion exclusion = {
		.protocol = service->protocol,
		.first = service->port,
		.last = service->last,
	};

	exclusion_text(&exclusion, text);
}

/* The reason under which what arrives for it would be counted. */
static const char *counter_of(const struct forecast *forecast, const struct service *service)
{
	return reasons[forecast_stays(forecast, service) ? NESTWG_EXCLUDED : NESTWG_FORWARDED].name;
}

static void name_of(const struct service *service, char text[TARGET_SIZE])
{
	if (*service->target)
		snprintf(text, TARGET_SIZE, "%s", service->target);
	else if (service->pid)
		snprintf(text, TARGET_SIZE, "%s (%d)", service->process, service->pid);
	else
		snprintf(text, TARGET_SIZE, "the kernel");
}

static void print_service(const struct forecast *forecast, const struct service *service)
{
	bool stays = forecast_stays(forecast, service);
	char spec[EXCLUSION_TEXT_SIZE], name[TARGET_SIZE];

	spec_of(service, spec);
	name_of(service, name);
	printf("    %-12s %s%-17s%s  %-9s  %s%s\n", spec,
	       colour(stdout, stays ? COLOUR_GOOD : COLOUR_WARN), stays ? "stays" : "no longer reached", colour(stdout, COLOUR_OFF),
	       counter_of(forecast, service), name,
	       stays || service->protocol != IPPROTO_UDP || *service->target ? "" :
	       "; answers to what it asks itself: own_flow");
}

/* Two services with one port (a rule and a socket behind it) need one exclusion. */
static bool is_named_before(const struct forecast *forecast, size_t index)
{
	const struct service *list = forecast->services.list;

	return index && list[index - 1].protocol == list[index].protocol &&
	       list[index - 1].port == list[index].port && list[index - 1].last == list[index].last;
}

static void print_remedy(const struct forecast *forecast)
{
	bool any = false;

	for (size_t i = 0; i < forecast->services.count; i++) {
		const struct service *service = &forecast->services.list[i];
		char spec[EXCLUSION_TEXT_SIZE];

		if (forecast_stays(forecast, service) || is_named_before(forecast, i))
			continue;
		spec_of(service, spec);
		printf("%s --allow %s", any ? "" : "  to keep them on the gateway:", spec);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void print_services(const struct forecast *forecast)
{
	if (!forecast->services.count) {
		puts("  no local service listens there");
		return;
	}
	printf("  local services at %s, and what their packets would count as:\n",
	       address_text(forecast->plan->address).s);
	for (size_t i = 0; i < forecast->services.count; i++)
		print_service(forecast, &forecast->services.list[i]);
	print_remedy(forecast);
}

void forecast_print(const struct forecast *forecast)
{
	const struct plan *plan = forecast->plan;

	printf("%s: nothing has been changed; `attach` would\n", plan->nic.name);
	printf("  %s in %s mode (%s)\n", forecast->upgrade ? "upgrade it" : "attach",
	       forecast->mode, forecast->why);
	if (forecast->other->id)
		printf("  %s another tool's XDP program (%s, id %u)\n",
		       forecast->options->replace && plan->mode != NESTWG_MODE_TC ?
		       "take the place of" : "leave alone", forecast->other->name,
		       forecast->other->id);
	printf("  send what arrives for %s to ", address_text(plan->address).s);
	printf("%s through %s (MTU %u)\n", address_text(plan->peer).s, plan->tunnel.name,
	       plan->tunnel.mtu);
	printf("  keep on the gateway: ");
	exclusions_print(&forecast->state);
	putchar('\n');
	if (forecast->options->confirm)
		printf("  take all of it back after %u seconds, unless it is confirmed\n",
		       forecast->options->confirm);
	print_services(forecast);
}

static struct json_object *service_json(const struct forecast *forecast,
					const struct service *service)
{
	struct json_object *object = json_object_new_object();
	char spec[EXCLUSION_TEXT_SIZE];

	spec_of(service, spec);
	json_add_text(object, "spec", spec);
	json_add_text(object, "process", service->process);
	json_object_object_add(object, "pid",
			       service->pid ? json_object_new_int(service->pid) : NULL);
	json_add_text(object, "translated", service->target);
	json_add_flag(object, "stays", forecast_stays(forecast, service));
	json_add_text(object, "counter", counter_of(forecast, service));
	return object;
}

void forecast_print_json(const struct forecast *forecast)
{
	struct json_object *object = json_object_new_object();
	struct json_object *services = json_object_new_array();
	const struct plan *plan = forecast->plan;

	json_add_text(object, "interface", plan->nic.name);
	json_add_text(object, "action", forecast->upgrade ? "upgrade" : "attach");
	json_add_text(object, "mode", forecast->mode);
	json_add_text(object, "mode_wanted", mode_name(plan->mode));
	json_add_text(object, "mode_reason", forecast->why);
	json_add_text(object, "address", address_text(plan->address).s);
	json_add_text(object, "peer", address_text(plan->peer).s);
	json_add_text(object, "tunnel", plan->tunnel.name);
	json_add_number(object, "mtu", plan->tunnel.mtu);
	json_add_text(object, "other_xdp", forecast->other->id ? forecast->other->name : NULL);
	json_object_object_add(object, "exclusions", exclusions_json(&forecast->state));
	for (size_t i = 0; i < forecast->services.count; i++)
		json_object_array_add(services, service_json(forecast,
							     &forecast->services.list[i]));
	json_object_object_add(object, "services", services);
	json_print(object);
}
