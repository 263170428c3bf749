/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that one of our tc programs sends past another, marked so that the other knows. No packet comes
 * from a wire with a mark; the one that reads it takes it off.
 */
#ifndef BPF_MARK_H
#define BPF_MARK_H

#define MARK_COPY	0x6e657363	/* rewritten copy of a fragment, on its way to be routed */
#define MARK_RETURNED	0x6e657372	/* the home's, on its way out: no flow of the gateway's */

/* Has SKB this mark? Then it has it no more. */
static __always_inline bool take_mark(struct __sk_buff *skb, __u32 mark)
{
	if (skb->mark != mark)
		return false;
	skb->mark = 0;
	return true;
}

#endif /* BPF_MARK_H */
