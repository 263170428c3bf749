// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "doctor_print.h"
#include "error.h"
#include "pins.h"
#include "preflight.h"
#include "programs.h"
#include "route.h"
#include "running.h"
#include "wireguard.h"

const char doctor_help[] =
"Looks at the host and at IFACE, before or after it is attached, says what is wrong, and for each\n"
"problem the command that mends it. Changes nothing. Without IFACE: all that are attached, or the\n"
"interface of the default route.\n"
"\n"
"  ok       as it should be\n"
"  note     worth knowing\n"
"  warning  harms something, or will\n"
"  PROBLEM  it cannot work so\n"
"\n"
"  --json  an object: problems and warnings (how many), and findings, a list of objects: "
"interface\n          (null: the host), check, severity (ok, note, warning, problem), text, mend "
"(null: no\n          command helps)\n"
"\n"
"Exit status: 0, 1 (there is a problem; warnings alone are none), 2 (wrong usage).\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

enum wants {
	WANTS_NOTHING,
	WANTS_RIGHTS = 1 << 0,
	WANTS_NIC = 1 << 1,		/* the interface is there */
	WANTS_TUNNEL = 1 << 2,		/* and so is its tunnel */
	WANTS_ATTACHED = 1 << 3,
};

struct check {
	const char *name;
	void (*run)(struct doctor *doctor);
	unsigned int wants;
};

static const struct check host_checks[] = {
	{ "rights", check_rights, WANTS_NOTHING },
	{ "kernel", check_kernel, WANTS_NOTHING },
	{ "bpf", check_bpf, WANTS_RIGHTS },
	{ "jit", check_jit, WANTS_RIGHTS },
	{ "tc", check_tc, WANTS_RIGHTS },
	{ "bpffs", check_bpffs, WANTS_NOTHING },
	{ "wireguard", check_wireguard, WANTS_NOTHING },
	{ "clock", check_clock, WANTS_NOTHING },
	{ "conntrack", check_conntrack, WANTS_NOTHING },
	{ "interfaces", check_interfaces, WANTS_RIGHTS },
};

static const struct check interface_checks[] = {
	{ "interface", check_nic, WANTS_NOTHING },
	{ "attached", check_state, WANTS_RIGHTS },
	{ "driver", check_driver, WANTS_NIC },
	{ "queues", check_queues, WANTS_NIC },
	{ "address", check_address, WANTS_NIC },
	{ "route", check_route, WANTS_NIC },
	{ "neighbour", check_neighbour, WANTS_NIC },
	{ "xdp", check_other_xdp, WANTS_NIC | WANTS_RIGHTS },
	{ "order", check_order, WANTS_NIC | WANTS_ATTACHED },
	{ "ssh", check_ssh, WANTS_ATTACHED },
	{ "handshake", check_handshake, WANTS_TUNNEL },
	{ "keepalive", check_keepalive, WANTS_TUNNEL },
	{ "mtu", check_mtu, WANTS_NIC | WANTS_TUNNEL },
	{ "ip_forward", check_ip_forward, WANTS_NIC },
	{ "rp_filter", check_rp_filter, WANTS_NIC },
	{ "netfilter", check_netfilter, WANTS_NIC | WANTS_RIGHTS },
	{ "wg-quick", check_wg_quick, WANTS_RIGHTS },
	{ "translated", check_translated, WANTS_TUNNEL | WANTS_RIGHTS },
	{ "silence", check_silence, WANTS_ATTACHED },
	{ "counters", check_counters, WANTS_ATTACHED },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void found(struct doctor *doctor, enum severity severity, const char *format, ...)
{
	struct findings *findings = &doctor->findings;
	struct finding *list, *new;
	va_list args;

	list = reallocarray(findings->list, findings->count + 1, sizeof(*list));
	if (!list)
		return;
	findings->list = list;
	new = &list[findings->count];
	memset(new, 0, sizeof(*new));
	new->check = doctor->check;
	new->severity = severity;
	memcpy(new->interface, doctor->name, sizeof(new->interface));
	va_start(args, format);
	if (vasprintf(&new->text, format, args) >= 0)
		findings->count++;
	va_end(args);
}

void mend(struct doctor *doctor, const char *format, ...)
{
	struct findings *findings = &doctor->findings;
	va_list args;
	char *text;

	if (!findings->count)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	free(findings->list[findings->count - 1].mend);
	findings->list[findings->count - 1].mend = text;
}

static void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->list[i].text);
		free(findings->list[i].mend);
	}
	free(findings->list);
}

bool doctor_number(const char *path, unsigned long *number)
{
	FILE *file = fopen(path, "re");
	bool read;

	if (!file)
		return false;
	read = fscanf(file, "%lu", number) == 1;
	fclose(file);
	return read;
}

bool doctor_conf(const char *dev, const char *variable, unsigned long *number)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", dev, variable);
	return doctor_number(path, number);
}

unsigned long long doctor_packets(const struct doctor *doctor, enum nestwg_reason reason)
{
	return doctor_attached(doctor) ? doctor->report.counters[reason].packets : 0;
}

static void run_checks(struct doctor *doctor, const struct check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int wants = checks[i].wants;

		if (((wants & WANTS_RIGHTS) && !doctor->rights) ||
		    ((wants & WANTS_NIC) && !doctor->nic.ifindex) ||
		    ((wants & WANTS_TUNNEL) && !doctor->tunnel.ifindex) ||
		    ((wants & WANTS_ATTACHED) && !doctor_attached(doctor)))
			continue;
		doctor->check = checks[i].name;
		checks[i].run(doctor);
	}
}

static void look_at_state(struct doctor *doctor)
{
	struct report *report = &doctor->report;
	struct running_list all;

	if (running_find(&all))
		return;
	report_make(report, doctor->name, &all);
	running_free(&all);
	doctor->pinned = true;
	doctor->tunnel = report->tunnel;
	doctor->wg = report->wg.peers ? &report->wg : NULL;
	doctor->peer = report->peer;
	if (report->readable) {
		doctor->address = report->state.config.address;
		doctor->peer_address = report->state.config.peer;
	}
}

/* What attach would do, or why it would not. */
static void look_at_plan(struct doctor *doctor)
{
	const struct attach_options options = { .nic = doctor->name };

	if (!doctor->wg_found)
		return;
	error_catch(doctor->refusal, sizeof(doctor->refusal));
	doctor->planned = plan_make(&doctor->plan, &options, NULL) == 0;
	error_catch(NULL, 0);
	if (!doctor->planned)
		return;
	doctor->tunnel = doctor->plan.tunnel;
	doctor->wg = &doctor->plan.wg;
	doctor->peer = wg_device_peer(doctor->wg, doctor->plan.peer);
	doctor->address = doctor->plan.address;
	doctor->peer_address = doctor->plan.peer;
}

static void examine(struct doctor *doctor, const char *name)
{
	struct doctor one = {
		.findings = doctor->findings,
		.rights = doctor->rights,
		.wg_found = doctor->wg_found,
	};

	strncpy(one.name, name, sizeof(one.name) - 1);
	if (netif_by_name(name, &one.nic))
		memset(&one.nic, 0, sizeof(one.nic));
	if (one.rights && pins_exist(name))
		look_at_state(&one);
	else if (one.rights && one.nic.ifindex)
		look_at_plan(&one);
	run_checks(&one, interface_checks, COUNT(interface_checks));
	doctor->findings = one.findings;
	if (one.planned)
		plan_free(&one.plan);
	if (one.pinned)
		report_free(&one.report);
}

static void examine_default(struct doctor *doctor)
{
	struct default_route route;

	if (default_route_get(&route)) {
		examine(doctor, route.interface);
		return;
	}
	doctor->check = "route";
	found(doctor, SEVERITY_WARNING, "no default route here, so that no interface can be "
	      "chosen: "
	      PROGRAM " doctor IFACE");
}

static int examine_all(struct doctor *doctor)
{
	struct pins_names names = {};

	if (doctor->rights && pins_list(&names))
		return -1;
	for (size_t i = 0; i < names.count; i++)
		examine(doctor, names.list[i]);
	if (!names.count)
		examine_default(doctor);
	pins_names_free(&names);
	return 0;
}

static int doctor(const char *nic, bool json)
{
	struct doctor doctor = {};
	unsigned int problems;
	int err = 0;

	run_checks(&doctor, host_checks, COUNT(host_checks));
	if (nic)
		examine(&doctor, nic);
	else
		err = examine_all(&doctor);
	if (!err && json)
		findings_print_json(&doctor.findings);
	else if (!err)
		findings_print(&doctor.findings);
	problems = findings_count(&doctor.findings, SEVERITY_PROBLEM);
	findings_free(&doctor.findings);
	return err || problems ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_doctor(int argc, char **argv)
{
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == 'h')
			return show_help("doctor");
		if (option != 'j')
			return option_error("doctor", argv, option);
		json = true;
	}
	if (optind + 1 < argc)
		return usage_error("doctor", "unexpected argument '%s'", argv[optind + 1]);
	if (argv[optind] && !netif_name_valid(argv[optind]))
		return usage_error("doctor", "'%s': no interface can have this name", argv[optind]);
	programs_set_verbose(getenv("NESTWG_DEBUG"));
	return doctor(argv[optind], json);
}
