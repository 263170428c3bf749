// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets in memory, and the helpers that change them, as net/core/filter.c does.
 *
 * The programs get the packet's place in 32 bits, so it lies below 4 GiB. What is not linear lies
 * elsewhere. All around is poison to AddressSanitizer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "host.h"

#ifdef __SANITIZE_ADDRESS__
#define HAVE_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)		((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size)	((void)(start), (void)(size))
#endif

#define ARENA		((__u8 *)0x20000000UL)
#define PLACES		16
#define PLACE_SIZE	(PACKET_MAX + 1024)
#define HEADROOM	256

#ifndef ENOTSUPP
#define ENOTSUPP	524	/* include/linux/errno.h */
#endif

static __u8 *arena;
static unsigned int next_place;
static __u32 used[PLACES];

static void make_arena(void)
{
	arena = mmap(ARENA, (size_t)PLACES * PLACE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (arena != ARENA) {
		perror("mmap below 4 GiB");
		exit(1);
	}
	ASAN_POISON_MEMORY_REGION(arena, (size_t)PLACES * PLACE_SIZE);
}

static void leave_place(unsigned int place)
{
	ASAN_POISON_MEMORY_REGION(arena + (size_t)place * PLACE_SIZE, used[place]);
	used[place] = 0;
}

void host_packets_forget(void)
{
	for (unsigned int i = 0; i < PLACES; i++)
		if (used[i])
			leave_place(i);
}

static void set_pointers(struct host_packet *packet)
{
	packet->skb.data = (__u32)(unsigned long)packet->data;
	packet->skb.data_end = packet->skb.data + packet->linear;
}

void host_packet_place(struct host_packet *packet, const __u8 *bytes, __u32 length, __u32 linear)
{
	__u32 start = HEADROOM + (-packet->network & 3);

	if (!arena)
		make_arena();
	if (length > PACKET_MAX)
		abort();
	next_place = (next_place + 1) % PLACES;
	if (used[next_place])
		leave_place(next_place);
	packet->place = next_place;
	packet->data = arena + (size_t)next_place * PLACE_SIZE + start;
	used[next_place] = start + linear;
	ASAN_UNPOISON_MEMORY_REGION(packet->data, linear);
	memcpy(packet->data, bytes, linear);
	memcpy(packet->rest, bytes + linear, length - linear);
	packet->linear = linear;
	packet->skb.len = length;
	set_pointers(packet);
}

void host_packet_copy(const struct host_packet *packet, __u8 *bytes)
{
	memcpy(bytes, packet->data, packet->linear);
	memcpy(bytes + packet->linear, packet->rest, packet->skb.len - packet->linear);
}

/* Another place, where the first LINEAR bytes are readable. Whoever kept a pointer will find poison. */
static void move(struct host_packet *packet, __u32 linear)
{
	static __u8 bytes[PACKET_MAX];
	unsigned int old = packet->place;

	host_packet_copy(packet, bytes);
	host_packet_place(packet, bytes, packet->skb.len, linear);
	leave_place(old);
}

/* bpf_try_make_writable() */
static bool make_writable(struct host_packet *packet, __u32 length)
{
	bool fault = host_fault();
	bool there = length <= packet->skb.len;

	move(packet, there && !fault && length > packet->linear ? length : packet->linear);
	return there && !fault;
}

long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length)
{
	struct host_packet *packet = (void *)skb;

	return make_writable(packet, length ?: packet->linear) ? 0 : -ENOMEM;
}

long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length)
{
	static __u8 bytes[PACKET_MAX + 64];

	if (host_fault() || offset > skb->len || length > skb->len - offset) {
		memset(to, 0, length);
		return -EFAULT;
	}
	host_packet_copy((const struct host_packet *)skb, bytes);
	memcpy(to, bytes + offset, length);
	return 0;
}

long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length,
			 __u64 flags)
{
	struct host_packet *packet = (void *)skb;

	if (flags)
		abort();
	if (offset > PACKET_MAX || !make_writable(packet, offset + length))
		return -EFAULT;
	memcpy(packet->data + offset, from, length);
	return 0;
}

static __u16 sum_plus(__u16 sum, __u32 minus, __u32 plus)
{
	return sum_fold(sum + sum_fold(~minus) + sum_fold(plus));
}

/* inet_proto_csum_replace2() and 4 */
static void replace_sum(struct host_packet *packet, __u16 *field, __u32 from, __u32 to, bool pseudo)
{
	if (packet->summed == SUMMED_PARTIAL) {
		if (pseudo)
			*field = sum_plus(*field, from, to);
		return;
	}
	*field = ~sum_plus(~*field, from, to);
	if (packet->summed == SUMMED_COMPLETE && pseudo)
		packet->sum = sum_plus(sum_fold(packet->sum), to, from);
}

long bpf_l4_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags)
{
	struct host_packet *packet = (void *)skb;
	bool may_be_none = flags & BPF_F_MARK_MANGLED_0;
	__u64 size = flags & BPF_F_HDR_FIELD_MASK;
	__u16 field;

	if (flags & ~(BPF_F_MARK_MANGLED_0 | BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK))
		abort();
	if (offset > 0xffff || offset & 1 || !make_writable(packet, offset + sizeof(field)))
		return -EFAULT;
	memcpy(&field, packet->data + offset, sizeof(field));
	if (may_be_none && !field)
		return 0;
	if (size != sizeof(__be16) && size != sizeof(__be32))
		abort();
	replace_sum(packet, &field, from, to, flags & BPF_F_PSEUDO_HDR);
	if (may_be_none && !field)
		field = 0xffff;
	memcpy(packet->data + offset, &field, sizeof(field));
	return 0;
}

long bpf_csum_update(struct __sk_buff *skb, __wsum sum)
{
	struct host_packet *packet = (void *)skb;

	if (packet->summed != SUMMED_COMPLETE)
		return -ENOTSUPP;
	packet->sum = sum_fold(sum_fold(packet->sum) + sum_fold(sum));
	return packet->sum;
}

/* __bpf_skb_min_len() */
static __u32 length_min(const struct host_packet *packet)
{
	if (packet->summed == SUMMED_PARTIAL)
		return packet->sum_start + packet->sum_field + sizeof(__u16);
	return packet->network;
}

long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags)
{
	struct host_packet *packet = (void *)skb;

	if (flags || length > LENGTH_MAX || length < length_min(packet))
		return -EINVAL;
	if (!make_writable(packet, skb->len))
		return -ENOMEM;
	if (length > skb->len)
		abort();	/* no program of ours makes a packet longer */
	if (length < skb->len && packet->summed == SUMMED_COMPLETE)
		packet->summed = SUMMED_NONE;
	skb->len = length;
	skb->gso_size = 0;
	packet->linear = length;
	move(packet, length);
	return 0;
}

/* Make room at OFFSET. */
static long push(struct host_packet *packet, __u32 offset, __u32 room)
{
	static __u8 bytes[PACKET_MAX + 64];
	__u32 length = packet->skb.len;
	unsigned int old = packet->place;

	if (host_fault() || length + room > PACKET_MAX)
		return -ENOMEM;
	host_packet_copy(packet, bytes);
	memmove(bytes + offset + room, bytes + offset, length - offset);
	memset(bytes + offset, 0, room);
	packet->sum_start += room;
	host_packet_place(packet, bytes, length + room, packet->linear + room);
	leave_place(old);
	return 0;
}

long bpf_skb_change_head(struct __sk_buff *skb, __u32 room, __u64 flags)
{
	struct host_packet *packet = (void *)skb;

	if (flags || (!skb->gso_size && skb->len + room > LENGTH_MAX))
		return -EINVAL;
	packet->network += room;
	return push(packet, 0, room);
}

long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags)
{
	struct host_packet *packet = (void *)skb;

	if (difference <= 0 || mode != BPF_ADJ_ROOM_MAC || flags)
		abort();
	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->gso_size ||
	    skb->len + (__u32)difference > LENGTH_MAX)
		return -ENOTSUPP;
	return push(packet, packet->network, (__u32)difference);
}

/* The copy keeps the bytes; the packet's own are moved, so that the two no longer share them. */
long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags)
{
	struct host_packet *packet = (void *)skb;

	if (host_fault() || ifindex >= NR_IFS || !world.mtu[ifindex])
		return -EINVAL;
	if (world.cloned)
		abort();
	world.cloned = true;
	world.clone = (struct host_sent){ END_CLONE, ifindex, flags };
	memcpy(&world.copy, packet, sizeof(*packet));
	move(&world.copy, packet->linear);
	host_packet_place(packet, world.copy.data, packet->linear, packet->linear);
	skb->len = world.copy.skb.len;
	return 0;
}
