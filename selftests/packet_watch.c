// SPDX-License-Identifier: GPL-2.0-only
/* What `monitor` is shown: each packet once, as it came, and only what was asked for. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "packet_suite.h"

#define SECOND	1000000000ULL

struct shown {
	unsigned int count;
	struct nestwg_event last;
};

static int take(void *context, void *data, size_t size)
{
	struct shown *shown = context;

	if (size < sizeof(shown->last))
		return 0;
	shown->count++;
	memcpy(&shown->last, data, sizeof(shown->last));
	return 0;
}

static int collect(struct lab *lab, struct shown *shown)
{
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(lab->skel->maps.events), take, shown, NULL);

	memset(shown, 0, sizeof(*shown));
	if (!ring) {
		printf("# cannot read the ring buffer\n");
		return -1;
	}
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return 0;
}

static void set_watcher(struct lab *lab, struct nestwg_watcher w)
{
	bpf_map__update_elem(lab->skel->maps.watcher, &(__u32){ 0 }, sizeof(__u32), &w, sizeof(w), BPF_ANY);
}

static struct nestwg_watcher get_watcher(struct lab *lab)
{
	struct nestwg_watcher w = {};

	bpf_map__lookup_elem(lab->skel->maps.watcher, &(__u32){ 0 }, sizeof(__u32), &w, sizeof(w), 0);
	return w;
}

/* For a test that takes less than SECONDS. */
static struct nestwg_watcher for_seconds(unsigned int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct nestwg_watcher) {
		.on = 1,
		.until = ((__u64)now.tv_sec + seconds) * SECOND,
		.reasons = ~0ULL,
	};
}

static bool is_from_home(const struct packet_case *c)
{
	return c->fate >= HOME_STAYS;
}

static bool shows(const struct packet_case *c, const struct shown *shown)
{
	const struct nestwg_event *event = &shown->last;
	unsigned int captured;
	struct bytes sent;

	if (is_from_home(c))
		build_ip(&c->in, &sent);
	else
		build_frame(&c->in, &sent);
	captured = sent.len < NESTWG_EVENT_DATA ? sent.len : NESTWG_EVENT_DATA;
	/* XDP copies words of two bytes. */
	if (shown->count == 1 && event->reason == c->reason && event->length == sent.len &&
	    event->captured >= (captured & ~1U) && event->captured <= captured &&
	    event->l3 == (is_from_home(c) ? 0 : ETH_HEADER) &&
	    !memcmp(event->data, sent.data, event->captured))
		return true;
	printf("# %u shown; reason %u (%u), length %u (%u), %u captured\n", shown->count, event->reason,
	       c->reason, event->length, sent.len, event->captured);
	return false;
}

static bool run_shown(struct lab *lab, const void *argument)
{
	bool (*run)(struct lab *lab, const struct packet_case *c) = expect_by_test_run;
	struct nestwg_watcher w = for_seconds(60);
	const struct packet_case *c = argument;
	struct shown shown;
	bool right;

	/* From the tunnel for real, and without the sentinel that follows it. */
	if (is_from_home(c)) {
		run = expect;
		w.port = htons(c->in.source_port);
	}
	set_watcher(lab, w);
	right = !collect(lab, &shown) && run(lab, c) && !collect(lab, &shown) && shows(c, &shown);
	set_watcher(lab, (struct nestwg_watcher){});
	return right;
}

static const struct packet_case shown_from_wire[] = {
	{ "shown: forwarded TCP", NESTWG_FORWARDED, GOES_HOME, false, false,
	  { FROM_CLIENT, TCP_TO(25565), .flags = SYN, OPTIONS(4, "\x02\x04\x05\xb4"), .mss_at = 2 } },
	{ "shown: forwarded UDP of odd length", NESTWG_FORWARDED, GOES_HOME, false, false,
	  { FROM_CLIENT, UDP_TO(53), .payload = 23 } },
	{ "shown: excluded", NESTWG_EXCLUDED, STAYS, false, false,
	  { FROM_CLIENT, TCP_TO(PORT_SSH), .flags = ACK, .payload = 900 } },
	{ "shown: spoofed", NESTWG_SPOOFED_SOURCE, DROPPED, false, false,
	  { .source = PEER, .destination = PUBLIC, UDP_TO(53) } },
	{ "shown: answered", NESTWG_TTL_EXCEEDED, TTL_ANSWERED, false, false,
	  { FROM_CLIENT, UDP_TO(33434), .ttl = 1, .payload = 32 } },
	{ "shown: for another address", NESTWG_OTHER_ADDRESS, STAYS, false, false,
	  { .source = CLIENT, .destination = FAR_HOST, UDP_TO(53) } },
};

static const struct packet_case shown_from_home[] = {
	{ "shown: returned", NESTWG_HOME_RETURNED, HOME_OUT, false, false,
	  { FROM_PEER, TCP_BY(25565), .flags = ACK, .payload = 700 } },
	{ "shown: to a reserved port", NESTWG_HOME_RESERVED_PORT, HOME_DROPPED, false, false,
	  { FROM_PEER, TCP_BY(PORT_SSH), .flags = ACK } },
};

struct filter {
	const char *what;
	bool wants;
	struct nestwg_watcher w;
};

static bool run_filters(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_FORWARDED, .fate = GOES_HOME, .in = { FROM_CLIENT, UDP_TO(53) },
	};
	/* UDP from CLIENT:40000 to PUBLIC:53, forwarded. */
	const struct filter filters[] = {
		{ "another reason", false, { .reasons = 1ULL << NESTWG_EXCLUDED } },
		{ "its reason", true, { .reasons = 1ULL << NESTWG_FORWARDED } },
		{ "its source port", true, { .port = htons(40000) } },
		{ "its destination port", true, { .port = htons(53) } },
		{ "another port", false, { .port = htons(54) } },
		{ "its protocol", true, { .protocol = PROTO_UDP } },
		{ "another protocol", false, { .protocol = PROTO_TCP } },
		{ "its source", true, { .source = htonl(CLIENT), .source_mask = ~0U } },
		{ "another source", false, { .source = htonl(CLIENT + 1), .source_mask = ~0U } },
		{ "its source's network", true,
		  { .source = htonl(CLIENT & 0xffffff00), .source_mask = htonl(0xffffff00) } },
		{ "its destination", true, { .destination = htonl(PUBLIC), .destination_mask = ~0U } },
		{ "another destination", false, { .destination = htonl(PEER), .destination_mask = ~0U } },
		{ "its port, another protocol", false, { .port = htons(53), .protocol = PROTO_TCP } },
	};
	struct shown shown;
	bool right = true;

	(void)argument;
	for (unsigned int i = 0; i < LENGTH_OF(filters); i++) {
		struct nestwg_watcher w = filters[i].w;

		w.on = 1;
		w.until = for_seconds(60).until;
		w.reasons = w.reasons ?: ~0ULL;
		set_watcher(lab, w);
		if (!collect(lab, &shown) && expect_by_test_run(lab, &c) && !collect(lab, &shown) &&
		    shown.count == filters[i].wants)
			continue;
		printf("# %s: %u shown\n", filters[i].what, shown.count);
		right = false;
	}
	set_watcher(lab, (struct nestwg_watcher){});
	return right;
}

/* No ports to compare: a later fragment is nobody's, whatever its payload says. */
static bool run_filter_fragment(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_FRAGMENT_UNSEEN, .fate = GOES_BOTH_WAYS, .no_wire = true,
		.in = { FROM_CLIENT, UDP_TO(443), .id = 77, .payload = 992, .fragment_at = 800 },
	};
	struct nestwg_watcher w = for_seconds(60);
	struct shown all, by_port;

	(void)argument;
	set_watcher(lab, w);
	if (!expect_by_test_run(lab, &c) || collect(lab, &all))
		return false;
	/* Would be the first word of what it carries. */
	memcpy(&w.port, all.last.data + ETH_HEADER + 20, sizeof(w.port));
	set_watcher(lab, w);
	if (!expect_by_test_run(lab, &c) || collect(lab, &by_port))
		return false;
	set_watcher(lab, (struct nestwg_watcher){});
	return all.count == 1 && by_port.count == 0;
}

/* Whoever was killed while it watched costs one look more, once. */
static bool run_forgotten(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_FORWARDED, .fate = GOES_HOME, .in = { FROM_CLIENT, UDP_TO(53) },
	};
	struct nestwg_watcher w = for_seconds(60);
	struct shown shown;

	(void)argument;
	w.until -= 61 * SECOND;
	set_watcher(lab, w);
	return !collect(lab, &shown) && expect_by_test_run(lab, &c) && !collect(lab, &shown) &&
	       !shown.count && !get_watcher(lab).on;
}

/* A full ring loses events, never packets, and says how many. */
static bool run_full(struct lab *lab, const void *argument)
{
	const struct packet_case c = {
		.reason = NESTWG_FORWARDED, .fate = GOES_HOME, .in = { FROM_CLIENT, UDP_TO(53) },
	};
	const unsigned int sent = NESTWG_EVENTS_SIZE / sizeof(struct nestwg_event) + 100;
	struct shown shown;
	unsigned int lost;
	bool right = true;

	(void)argument;
	set_watcher(lab, for_seconds(60));
	right &= !collect(lab, &shown);
	for (unsigned int i = 0; right && i < sent; i++)
		right &= expect_by_test_run(lab, &c);
	right &= !collect(lab, &shown);
	lost = (unsigned int)get_watcher(lab).lost;
	set_watcher(lab, (struct nestwg_watcher){});
	if (right && lost && shown.count + lost == sent)
		return true;
	printf("# %u sent, %u shown, %u lost\n", sent, shown.count, lost);
	return false;
}

void add_watch_tests(struct suite *suite)
{
	suite_add_each(suite, IN_MODES, run_shown, shown_from_wire, LENGTH_OF(shown_from_wire));
	suite_add_each(suite, IN_HOME, run_shown, shown_from_home, LENGTH_OF(shown_from_home));
	suite_add(suite, IN_NATIVE | IN_TC, "the watcher's filters", run_filters, NULL);
	suite_add(suite, IN_NATIVE | IN_TC, "a later fragment has no port to watch for",
		  run_filter_fragment, NULL);
	suite_add(suite, IN_ONE, "a watcher that has gone is forgotten", run_forgotten, NULL);
	suite_add(suite, IN_ONE, "more than the watcher can take", run_full, NULL);
}
