// SPDX-License-Identifier: GPL-2.0-only
/*
 * https://prometheus.io/docs/instrumenting/exposition_formats/: all values of a metric stand
 * together, below its HELP and TYPE; names end in their unit, what only grows in _total.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "exclusions.h"
#include "format.h"
#include "pins.h"
#include "prometheus.h"
#include "reasons_table.h"
#include "replace.h"
#include "reports.h"

#define PREFIX "nestwg_xdp_"

enum metric {
	METRIC_INTERFACES,
	METRIC_PACKETS,
	METRIC_BYTES,
	METRIC_INFO,
	METRIC_ATTACHED,
	METRIC_MTU,
	METRIC_OWN_FLOWS,
	METRIC_EXCLUSIONS,
	METRIC_HANDSHAKE,
	METRIC_PROBLEMS,
	NR_METRICS
};

static const struct {
	const char *name, *type, *help;
} metrics[NR_METRICS] = {
	[METRIC_INTERFACES] = { "interfaces", "gauge",
		"How many interfaces are attached." },
	[METRIC_PACKETS] = { "packets_total", "counter",
		"Packets that were judged, each under one reason." },
	[METRIC_BYTES] = { "bytes_total", "counter",
		"Bytes of the packets that were judged, IP headers included." },
	[METRIC_INFO] = { "info", "gauge",
		"What is attached how: always 1." },
	[METRIC_ATTACHED] = { "attached_timestamp_seconds", "gauge",
		"When attach was run last, in seconds since the epoch." },
	[METRIC_MTU] = { "mtu_bytes", "gauge",
		"MTU of the interface and of its tunnel." },
	[METRIC_OWN_FLOWS] = { "own_flows", "gauge",
		"Flows that the gateway itself has started." },
	[METRIC_EXCLUSIONS] = { "exclusions", "gauge",
		"Ports, ranges of ports and protocols that stay on the gateway." },
	[METRIC_HANDSHAKE] = { "latest_handshake_timestamp_seconds", "gauge",
		"When WireGuard last shook hands with the home router, in seconds since the epoch; "
		"0: never." },
	[METRIC_PROBLEMS] = { "problems", "gauge",
		"What is not as it should be: nestwg-xdp status tells it." },
};

/* One text for each metric, joined at the end. */
struct page {
	unsigned int interfaces;
	FILE *parts[NR_METRICS];
	char *texts[NR_METRICS];
	size_t sizes[NR_METRICS];
};

static void begin_line(FILE *out, enum metric metric, const char *nic)
{
	fprintf(out, PREFIX "%s{iface=\"%s\"", metrics[metric].name, nic);
}

static void put_number(struct page *page, enum metric metric, const char *nic, uint64_t number)
{
	begin_line(page->parts[metric], metric, nic);
	fprintf(page->parts[metric], "} %llu\n", (unsigned long long)number);
}

/* A label's value may hold any byte; three of them are written otherwise. */
static void put_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, ",%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void put_counter(struct page *page, enum metric metric, const char *nic, unsigned int reason,
			uint64_t number)
{
	FILE *out = page->parts[metric];

	begin_line(out, metric, nic);
	put_label(out, "direction", origin_name(reasons[reason].origin));
	put_label(out, "reason", reasons[reason].name);
	put_label(out, "verdict", verdict_name(reasons[reason].verdict));
	fprintf(out, "} %llu\n", (unsigned long long)number);
}

static void put_mtu(struct page *page, const char *nic, const struct netif *netif)
{
	FILE *out = page->parts[METRIC_MTU];

	if (!netif->ifindex)
		return;
	begin_line(out, METRIC_MTU, nic);
	put_label(out, "device", netif->name);
	fprintf(out, "} %u\n", netif->mtu);
}

static void put_info(struct page *page, const struct report *report)
{
	const struct nestwg_config *config = &report->state.config;
	FILE *out = page->parts[METRIC_INFO];

	begin_line(out, METRIC_INFO, report->name);
	put_label(out, "mode", mode_name(config->mode));
	put_label(out, "address", address_text(config->address).s);
	put_label(out, "peer", address_text(config->peer).s);
	put_label(out, "tunnel", config->wg_name);
	put_label(out, "version", NESTWG_VERSION);
	fputs("} 1\n", out);
}

static void count_exclusion(const struct exclusion *exclusion, void *count)
{
	(void)exclusion;
	++*(uint64_t *)count;
}

static void put_readable(struct page *page, const struct report *report)
{
	uint64_t exclusions = 0;

	for (unsigned int i = 0; i < NESTWG_NR_REASONS; i++) {
		put_counter(page, METRIC_PACKETS, report->name, i, report->counters[i].packets);
		put_counter(page, METRIC_BYTES, report->name, i, report->counters[i].bytes);
	}
	put_info(page, report);
	put_number(page, METRIC_ATTACHED, report->name, report->state.config.attached_at);
	put_mtu(page, report->name, &report->nic);
	put_mtu(page, report->name, &report->tunnel);
	put_number(page, METRIC_OWN_FLOWS, report->name, report->own_flows);
	exclusions_each(&report->state, count_exclusion, &exclusions);
	put_number(page, METRIC_EXCLUSIONS, report->name, exclusions);
	if (report->peer)
		put_number(page, METRIC_HANDSHAKE, report->name, report->peer->handshake);
}

static void put_report(const struct report *report, void *data)
{
	struct page *page = data;

	if (report->readable) {
		put_readable(page, report);
		page->interfaces++;
	}
	put_number(page, METRIC_PROBLEMS, report->name, report->nr_problems);
}

static int page_open(struct page *page)
{
	for (unsigned int i = 0; i < NR_METRICS; i++) {
		page->parts[i] = open_memstream(&page->texts[i], &page->sizes[i]);
		if (!page->parts[i])
			return -errno;
	}
	return 0;
}

/* 0 or a negative errno. */
static int page_join(struct page *page, FILE *out)
{
	int err = 0;

	for (unsigned int i = 0; i < NR_METRICS; i++) {
		if (fflush(page->parts[i]))
			err = -errno;
		if (err || !page->sizes[i])
			continue;
		fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", metrics[i].name,
			metrics[i].help, metrics[i].name, metrics[i].type);
		fwrite(page->texts[i], 1, page->sizes[i], out);
	}
	return err ? err : fflush(out) ? -errno : 0;
}

static void page_close(struct page *page)
{
	for (unsigned int i = 0; i < NR_METRICS; i++) {
		if (page->parts[i])
			fclose(page->parts[i]);
		free(page->texts[i]);
	}
}

static int page_write_file(struct page *page, const char *output)
{
	struct replacement file;
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int err;

	out = open_memstream(&text, &size);
	if (!out)
		return fail(output, "cannot gather anything: %s", strerror(errno));
	err = page_join(page, out);
	fclose(out);
	if (err)
		err = fail(output, "cannot gather anything: %s", strerror(-err));
	else if (!replacement_prepare(&file, output, text))
		err = replacement_commit(&file);
	else
		err = -1;
	free(text);
	return err;
}

int prometheus_write(const char *nic, const char *output)
{
	struct page page = {};
	int err;

	if (nic && (!netif_name_valid(nic) || !pins_exist(nic)))
		return fail(nic, PROGRAM " is not attached");
	err = page_open(&page);
	if (err) {
		fail(NULL, "cannot gather anything: %s", strerror(-err));
	} else if (reports_each(nic, put_report, &page)) {
		err = -1;
	} else {
		fprintf(page.parts[METRIC_INTERFACES], PREFIX "interfaces %u\n", page.interfaces);
		err = output ? page_write_file(&page, output) : page_join(&page, stdout);
	}
	page_close(&page);
	return err;
}
