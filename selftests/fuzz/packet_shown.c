// SPDX-License-Identifier: GPL-2.0-only
/* `monitor` sees each packet that it asks for once, as it came, and no other. */
#include <string.h>

#include <bpf/bpf_endian.h>

#include "packet_fates.h"

static bool has_ports(const struct view *view)
{
	return !view->later_fragment &&
	       (view->protocol == PROTO_TCP || view->protocol == PROTO_UDP ||
		view->protocol == PROTO_UDPLITE || view->protocol == PROTO_SCTP ||
		view->protocol == PROTO_DCCP);
}

static bool is_in(__u32 address, __be32 network, __be32 mask)
{
	return (address & bpf_ntohl(mask)) == bpf_ntohl(network);
}

/* Of a sane packet. */
static bool is_asked_for(const struct nestwg_watcher *w, const struct view *view, __u32 reason)
{
	const __u8 *ends = view->ip + view->header;
	__u16 port = bpf_ntohs(w->port);

	if (!(w->reasons >> reason & 1) || (w->protocol && w->protocol != view->protocol) ||
	    !is_in(view->source, w->source, w->source_mask) ||
	    !is_in(view->destination, w->destination, w->destination_mask))
		return false;
	return !port || (has_ports(view) && (get16(ends) == port || get16(ends + 2) == port));
}

static void check_event(const struct arrival_in *in, const struct outcome *out)
{
	const struct nestwg_event *event = &world.shown;

	if (world.shows > 1 || (!world.fault && event->reason != out->reason))
		BROKEN("shown %u times, as %u", world.shows, event->reason);
	if (event->length != in->length || event->captured > in->length || event->l3 != in->network ||
	    memcmp(event->data, in->bytes, event->captured) != 0)
		BROKEN("%u bytes of %u are shown, not as they came", event->captured, event->length);
}

void check_shown(const struct arrival_in *in, const struct outcome *out)
{
	const struct nestwg_watcher *now = host_map_array(MAP_WATCHER), *w = &out->watcher;
	bool watched = w->on && w->until > world.now;
	struct view view;

	if (world.shows)
		check_event(in, out);
	if (world.shows && !watched)
		BROKEN("nobody watches, but it is shown");
	if (world.fault || !out->counted)
		return;
	if (now->on != watched)
		BROKEN("watched: %d, the watcher is there: %d", now->on, watched);
	view_packet(&view, in->bytes + in->network, in->length - in->network, in->gso_size);
	/* What is of no use to anybody may be shown or not, and so may what is too short for ports. */
	if (!watched || !view.sane || view.payload <= 4)
		return;
	if (world.shows && !is_asked_for(w, &view, out->reason))
		BROKEN("shown, but nobody asked for it");
	if (!world.shows && w->sample <= 1 && is_asked_for(w, &view, out->reason))
		BROKEN("asked for, but not shown");
}
