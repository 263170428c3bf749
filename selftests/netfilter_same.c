// SPDX-License-Identifier: GPL-2.0-only
/* See netfilter_same.h. */
#include <stdio.h>
#include <string.h>

#include "netfilter_same.h"

static void heap_copy(struct heap *to, const struct heap *from)
{
	to->count = from->count;
	for (unsigned int i = 0; i < from->count && i < SEEN_MAX; i++) {
		to->packets[i].len = from->packets[i].len;
		memcpy(to->packets[i].data, from->packets[i].data, from->packets[i].len);
	}
}

void outcome_copy(struct outcome *to, const struct outcome *from)
{
	heap_copy(&to->tunnel, &from->tunnel);
	heap_copy(&to->nic, &from->nic);
	heap_copy(&to->local, &from->local);
	to->invalid = from->invalid;
}

void print_bytes(const char *what, const struct bytes *bytes)
{
	printf("# %s, %u bytes:", what, bytes->len);
	for (unsigned int i = 0; i < bytes->len && i < 256; i++)
		printf("%s%02x", i % 32 ? i % 2 ? "" : " " : "\n#   ", bytes->data[i]);
	printf("%s\n", bytes->len > 256 ? " ..." : "");
}

static void heap_print(const char *what, const char *where, const struct heap *heap)
{
	char name[64];

	for (unsigned int i = 0; i < heap->count && i < SEEN_MAX; i++) {
		snprintf(name, sizeof(name), "%s, %s", what, where);
		print_bytes(name, &heap->packets[i]);
	}
}

void outcome_print(const char *what, const struct outcome *outcome)
{
	if (!outcome->tunnel.count && !outcome->nic.count && !outcome->local.count)
		printf("# %s: nothing\n", what);
	heap_print(what, "into the tunnel", &outcome->tunnel);
	heap_print(what, "out of the NIC", &outcome->nic);
	heap_print(what, "to the gateway's stack", &outcome->local);
}

static bool same_heap(const struct heap *a, const struct heap *b)
{
	if (a->count != b->count || a->count > SEEN_MAX)
		return false;
	for (unsigned int i = 0; i < a->count; i++) {
		if (a->packets[i].len != b->packets[i].len ||
		    memcmp(a->packets[i].data, b->packets[i].data, a->packets[i].len))
			return false;
	}
	return true;
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	return same_heap(&a->tunnel, &b->tunnel) && same_heap(&a->nic, &b->nic) &&
	       same_heap(&a->local, &b->local);
}

static bool adapt_all(const struct trial *trial, bool *adapted)
{
	for (unsigned int i = 0; i < nr_differences; i++)
		adapted[i] |= differences[i].adapt && differences[i].adapt(trial);
	return same_outcome(trial->oracle, trial->subject);
}

static bool has_fragments(const struct heap *heap, unsigned int skip)
{
	for (unsigned int i = 0; i < heap->count && i < SEEN_MAX; i++) {
		const __u8 *ip = heap->packets[i].data + skip;

		if (heap->packets[i].len >= skip + 20 && ((ip[6] & 0x3f) || ip[7]))
			return true;
	}
	return false;
}

static bool was_cut(const struct trial *trial)
{
	return has_fragments(&trial->oracle->tunnel, 0) ||
	       has_fragments(&trial->subject->tunnel, 0) ||
	       has_fragments(&trial->oracle->nic, ETH_HEADER) ||
	       has_fragments(&trial->subject->nic, ETH_HEADER) ||
	       has_fragments(trial->input, 0);
}

/* Conntrack reassembles and fragments anew, we pass fragments on: what counts is what a host makes of them. */
static bool reassemble(struct trial *trial)
{
	struct outcome *of[] = { trial->oracle, trial->subject };

	if (!was_cut(trial))
		return false;
	trial->reassembled = true;
	for (int i = 0; i < 2; i++) {
		if (receiver_take(trial->home[i], 0, &of[i]->tunnel) ||
		    receiver_take(trial->home[i], ETH_HEADER, &of[i]->nic))
			return false;
	}
	return !receiver_take(trial->home[0], 0, trial->input);
}

static void take_input(const struct probe *probe, struct heap *input)
{
	unsigned int skip = probe->side == FROM_WIRE_SIDE ? ETH_HEADER : 0;

	input->count = 0;
	for (unsigned int i = 0; i < probe->count; i++) {
		struct bytes *packet = &input->packets[input->count];

		if (probe->packets[i].len < skip)
			continue;
		packet->len = probe->packets[i].len - skip;
		memcpy(packet->data, probe->packets[i].data + skip, packet->len);
		input->count++;
	}
}

bool is_same(struct trial *trial, unsigned long *used)
{
	static struct heap input;
	bool adapted[32] = {};
	bool same;

	if (same_outcome(trial->oracle, trial->subject))
		return true;
	trial->input = &input;
	take_input(trial->probe, &input);
	same = adapt_all(trial, adapted);
	if (!same && reassemble(trial))
		same = adapt_all(trial, adapted);
	for (unsigned int i = 0; i < nr_differences; i++) {
		if (!same && differences[i].applies && differences[i].applies(trial)) {
			used[i]++;
			return true;
		}
	}
	for (unsigned int i = 0; i < nr_differences && same; i++)
		used[i] += adapted[i];
	return same;
}
