/* SPDX-License-Identifier: GPL-2.0-only */
/* What a reason asks for, and counting it. */
#ifndef BPF_COUNTER_H
#define BPF_COUNTER_H

#define REASON_VERDICT(reason, name, origin, verdict, text) \
	case NESTWG_##reason: return NESTWG_##verdict;

static __always_inline enum nestwg_verdict verdict_of(enum nestwg_reason reason)
{
	switch (reason) {
	NESTWG_REASONS(REASON_VERDICT)
	default: return NESTWG_STACK;
	}
}

#undef REASON_VERDICT

static __always_inline void count(enum nestwg_reason reason, __u64 bytes)
{
	__u32 index = reason;
	struct nestwg_counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += bytes;
}

#endif /* BPF_COUNTER_H */
