/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Internet checksum (RFC 1071), updated incrementally (RFC 1624).
 *
 * Words are summed as they lie in memory: a one's complement sum comes out in the byte order in which its
 * words were read (RFC 1071, section 2B), so nothing here depends on the machine's.
 */
#ifndef BPF_CHECKSUM_H
#define BPF_CHECKSUM_H

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What replacing OLD by NEW adds to a sum. */
static __always_inline __u64 csum_change32(__be32 old, __be32 new)
{
	return (__u64)(__u32)~old + new;
}

static __always_inline __u64 csum_change16(__u16 old, __u16 new)
{
	return (__u64)(__u16)~old + new;
}

/* The checksum after its data changed by CHANGE: RFC 1624, equation 3. */
static __always_inline __u16 csum_update(__u16 check, __u64 change)
{
	return ~csum_fold((__u64)(__u16)~check + change);
}

/* UDP keeps zero for "none"; a checksum that comes out as zero is sent as 0xffff (RFC 768). */
static __always_inline __u16 csum_update_udp(__u16 check, __u64 change)
{
	if (!check)
		return 0;
	return csum_update(check, change) ?: 0xffff;
}

/* The sum over TCP's and UDP's pseudo header; LENGTH in host order. */
static __always_inline __u16 csum_pseudo(__be32 source, __be32 destination, __u8 protocol,
					 __u32 length)
{
	return csum_fold((__u64)source + destination + bpf_htons(protocol) + bpf_htonl(length));
}

/*
 * Summing a packet's bytes, in steps: large chunks, small ones, the rest. Slow: never on the way of a packet
 * that is just forwarded. The caller reads its data pointers anew in between: then all the turns after
 * which a step can end look the same to the verifier, to which each turn of each step costs the same.
 */
#define CSUM_CHUNK	512	/* the most that bpf_csum_diff() takes */
#define CSUM_SMALL	32
#define CSUM_MASK	0x3fff	/* more than any length that is asked for */

/* The longest segment whose checksum is ever checked: a jumbo frame. */
#define SEGMENT_MAX	9216

/* Add the chunks of SIZE bytes that fit LENGTH bytes from DATA, at most MOST of them, to SUM. False: DATA_END comes first. */
static __always_inline bool csum_add_chunks(void *data, void *data_end, __u32 length, __u32 size,
					    __u32 most, __u64 *sum)
{
	for (__u32 i = 0; i < most; i++) {
		void *chunk = data + i * size;

		if ((i + 1) * size > length)
			break;
		if (chunk + size > data_end)
			return false;
		*sum += (__u32)bpf_csum_diff(NULL, 0, chunk, size, 0);
	}
	return true;
}

/* Large chunks of LENGTH bytes from DATA. */
static __always_inline bool csum_add_large(void *data, void *data_end, __u32 length, __u64 *sum)
{
	return csum_add_chunks(data, data_end, length, CSUM_CHUNK, SEGMENT_MAX / CSUM_CHUNK, sum);
}

/* What is left of LENGTH bytes from DATA after the large chunks. */
static __always_inline bool csum_add_small(void *data, void *data_end, __u32 length, __u64 *sum)
{
	__u32 left = length % CSUM_CHUNK;

	return csum_add_chunks(data + bounded(length - left, CSUM_MASK), data_end, left, CSUM_SMALL,
			       CSUM_CHUNK / CSUM_SMALL, sum);
}

/* What is left of LENGTH bytes from DATA after all chunks. */
static __always_inline bool csum_add_rest(void *data, void *data_end, __u32 length, __u64 *sum)
{
	__u32 rest = length % CSUM_SMALL;

	data += bounded(length - rest, CSUM_MASK);
	for (__u32 i = 0; i < CSUM_SMALL / 2; i++) {
		__u16 *half = data + i * 2;

		if ((i + 1) * 2 > rest)
			break;
		if ((void *)(half + 1) > data_end)
			return false;
		*sum += *half;
	}
	if (rest & 1) {
		/* As if a zero followed. */
		__u8 *byte = data + bounded(rest, CSUM_SMALL - 2);

		if ((void *)(byte + 1) > data_end)
			return false;
		*sum += bpf_htons(*byte << 8);
	}
	return true;
}

#endif /* BPF_CHECKSUM_H */
