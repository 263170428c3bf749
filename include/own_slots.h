/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which remote ends a port of the gateway's own flows may be speaking with: a Bloom filter in the port's row,
 * so that a stranger's packet to such a port costs no look-up in map `flows`.
 *
 * Its bits are bytes, written by plain stores: two CPUs never undo each other's, on no kernel (atomic OR
 * needs Linux 5.18 on aarch64: arch/arm64/net/bpf_jit_comp.c). And a byte that is set says when, so that
 * nobody has to clear it: it grows too old. After 256 epochs it looks young again, for as long as a flow
 * lives; that costs look-ups in vain, no more.
 */
#ifndef NESTWG_OWN_SLOTS_H
#define NESTWG_OWN_SLOTS_H

#include <linux/in.h>
#include <linux/types.h>

#include "nestwg.h"

/* An epoch in nanoseconds, as a power of two: 69 s and 2.4 h, so that a lifetime is a fraction of 256. */
#define NESTWG_EPOCH_UDP	36
#define NESTWG_EPOCH_TCP	43

static inline __u8 nestwg_epoch(__u8 protocol, __u64 now)
{
	return (__u8)(now >> (protocol == IPPROTO_TCP ? NESTWG_EPOCH_TCP : NESTWG_EPOCH_UDP));
}

/* The two slots of a remote end, never the same. */
struct nestwg_slots {
	__u32 first, second;
};

static inline struct nestwg_slots nestwg_slots_of(__be32 remote, __be16 remote_port)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4): the upper bits are good. */
	__u32 hash = (remote ^ (__u32)remote_port << 16 ^ remote_port) * 0x9e3779b1U;
	__u32 first = hash >> 29;

	return (struct nestwg_slots) {
		.first = first,
		.second = (first + 1 + ((hash >> 13 & 0xffff) * 7 >> 16)) & (NESTWG_OWN_SLOTS - 1),
	};
}

/* 0 is kept for "never": what was noted in such an epoch was noted in the next one. */
static inline void nestwg_slots_note(__u8 own[NESTWG_OWN_SLOTS], struct nestwg_slots slots,
				     __u8 epoch)
{
	__u8 noted = epoch ? epoch : 1;

	/* Seldom written, so that the line stays shared between CPUs. */
	if (own[slots.first] != noted)
		*(volatile __u8 *)&own[slots.first] = noted;
	if (own[slots.second] != noted)
		*(volatile __u8 *)&own[slots.second] = noted;
}

/*
 * May a flow of this lifetime that was noted when SLOT was written be alive? It may end one epoch later than
 * it is long; another CPU's clock may be one ahead, and nestwg_slots_note() one more.
 */
static inline _Bool nestwg_slot_is_live(__u8 slot, __u8 protocol, __u64 now, __u64 lifetime)
{
	__u8 most = (__u8)(lifetime >> (protocol == IPPROTO_TCP ? NESTWG_EPOCH_TCP :
								   NESTWG_EPOCH_UDP)) + 1;

	return slot && (__u8)(nestwg_epoch(protocol, now) + 2 - slot) <= most + 2;
}

#endif /* NESTWG_OWN_SLOTS_H */
