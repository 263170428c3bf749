// SPDX-License-Identifier: GPL-2.0-only
/* What is attached, and what its counters tell. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "reasons_table.h"
#include "run.h"
#include "ssh.h"

/* Before this, nobody has had the time to knock. */
#define SILENCE_MINUTES 5

/*
 * "KEY\tADDRESS/LENGTH ADDRESS/LENGTH...", a line for each peer, taken apart in place: whose
 * AllowedIPs lack the address is clear only where there is but one. `wg set` replaces the list, so
 * it has to name all of it; with nothing in it, wg(8) writes "(none)".
 */
static void mend_allowed_ips(struct doctor *doctor)
{
	const struct report *report = &doctor->report;
	const char *const argv[] = { "wg", "show", report->tunnel.name, "allowed-ips", NULL };
	char *output = NULL, *rest, *key;
	const char *others;

	if (run(argv, &output) || report->wg.nr_peers != 1) {
		free(output);
		return;
	}
	rest = output;
	key = strsep(&rest, "\t\n");
	others = strsep(&rest, "\n");
	if (key && others) {
		bool none = strcmp(others, "(none)") == 0;

		for (char *blank = strchr(others, ' '); blank; blank = strchr(blank, ' '))
			*blank = ',';
		mend(doctor, "wg set %s peer %s allowed-ips %s%s%s/32", report->tunnel.name, key,
		     none ? "" : others, none ? "" : ",", address_text(doctor->peer_address).s);
	}
	free(output);
}

void check_state(struct doctor *doctor)
{
	const struct report *report = &doctor->report;
	char remedy[REMEDY_SIZE];

	if (!doctor->pinned && doctor->planned) {
		found(doctor, SEVERITY_NOTE, "not yet; attach would give what arrives for %s to "
		      "%s, through %s", address_text(doctor->address).s,
		      address_text(doctor->peer_address).s, doctor->tunnel.name);
	} else if (!doctor->pinned && *doctor->refusal) {
		found(doctor, SEVERITY_PROBLEM, "it cannot be: %s", doctor->refusal);
	} else if (doctor->pinned && !report->nr_problems) {
		found(doctor, SEVERITY_OK, "to %s", report->tunnel.name);
	}

	for (unsigned int i = 0; doctor->pinned && i < report->nr_problems; i++) {
		found(doctor, SEVERITY_PROBLEM, "%s", report->problems[i]);
		report_remedy(report, i, remedy);
		if (report->remedies[i] == REMEDY_ALLOWED_IPS)
			mend_allowed_ips(doctor);
		else if (*remedy)
			mend(doctor, "%s", remedy);
	}
}

/* Who wants it so (--no-ssh) has another way in. */
void check_ssh(struct doctor *doctor)
{
	char said[PROBLEM_SIZE];
	struct ssh_ports ports;
	bool open = true;
	int err;

	error_catch(said, sizeof(said));
	err = ssh_ports_get(&ports, doctor->address);
	error_catch(NULL, 0);
	if (err) {
		found(doctor, SEVERITY_WARNING, "%s", said);
		return;
	}
	for (size_t i = 0; i < ports.count; i++) {
		unsigned int port = ports.list[i].port;

		if (exclusions_have(&doctor->report.state, IPPROTO_TCP, ports.list[i].port))
			continue;
		open = false;
		found(doctor, SEVERITY_WARNING, "port %u/tcp, by which SSH comes in, goes to the "
		      "home",
		      port);
		mend(doctor, PROGRAM " allow %u --dev %s", port, doctor->name);
	}
	if (open && ports.count)
		found(doctor, SEVERITY_OK, "stays on the gateway");
	ssh_ports_free(&ports);
}

/* A cloud has a firewall of its own in front, which this machine cannot see. */
void check_silence(struct doctor *doctor)
{
	const struct report *report = &doctor->report;
	time_t minutes = (time(NULL) - (time_t)report->state.config.attached_at) / 60;
	unsigned long long forwarded = doctor_packets(doctor, NESTWG_FORWARDED) +
				       doctor_packets(doctor, NESTWG_FORWARDED_FRAGMENTED);

	if (forwarded) {
		found(doctor, SEVERITY_OK, "%llu packets went to the home", forwarded);
		return;
	}
	if (minutes < SILENCE_MINUTES)
		return;
	if (report->peer && report->peer->handshake)
		found(doctor, SEVERITY_WARNING, "attached for %lld minutes, the tunnel works, and "
		      "not one packet for the home has arrived: open the forwarded ports in the "
		      "cloud's own firewall (security list, security group)", (long long)minutes);
	else
		found(doctor, SEVERITY_WARNING, "attached for %lld minutes, and not one packet for "
		      "the home has arrived: is the cloud's own firewall (security list, security "
		      "group) open for UDP %u and the forwarded ports?", (long long)minutes,
		      report->wg.listen_port);
}

/* What an operator can do something about. */
static const struct {
	enum nestwg_reason reason;
	enum severity severity;
	const char *advice;
} tell_tales[] = {
	{ NESTWG_SPOOFED_PEER, SEVERITY_NOTE,
	  "somebody out there knows the tunnel's addresses, or a route of the cloud leads here" },
	{ NESTWG_SPOOFED_SOURCE, SEVERITY_NOTE, "forged packets; they were dropped" },
	{ NESTWG_ANSWER_LIMITED, SEVERITY_NOTE,
	  "somebody sends many packets that are too large or whose TTL runs out" },
	{ NESTWG_FRAGMENT_UNSEEN, SEVERITY_NOTE,
	  "fragments come in disorder, or their first one gets lost on the way here" },
	{ NESTWG_HOME_OTHER_SOURCE, SEVERITY_WARNING,
	  "the router has to masquerade what it sends into the tunnel" },
	{ NESTWG_HOME_RESERVED_PORT, SEVERITY_WARNING,
	  "the home sends from ports that stay on the gateway; exclude fewer (`disallow`)" },
	{ NESTWG_HOME_TOO_BIG, SEVERITY_WARNING,
	  "the interface's MTU is smaller than the tunnel's; make the tunnel's smaller" },
	{ NESTWG_HOME_TTL_EXCEEDED, SEVERITY_NOTE,
	  "traceroute from the home, or packets that go round in circles" },
	{ NESTWG_HOME_MALFORMED, SEVERITY_WARNING, "the home router sends broken packets" },
	{ NESTWG_HOME_ANSWER_LIMITED, SEVERITY_NOTE,
	  "the home sends many packets that are too large or whose TTL runs out" },
};

void check_counters(struct doctor *doctor)
{
	for (size_t i = 0; i < sizeof(tell_tales) / sizeof(tell_tales[0]); i++) {
		enum nestwg_reason reason = tell_tales[i].reason;
		unsigned long long packets = doctor_packets(doctor, reason);

		if (packets)
			found(doctor, tell_tales[i].severity, "%s: %llu packets (%s): %s",
			      reasons[reason].name, packets, reasons[reason].text,
			      tell_tales[i].advice);
	}
}
