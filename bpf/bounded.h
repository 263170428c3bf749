/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What compiler and verifier know of a value is not the same. The compiler leaves out a check that it can
 * prove superfluous, or tests one copy of a value and uses another; the verifier then misses the check.
 */
#ifndef BPF_BOUNDED_H
#define BPF_BOUNDED_H

/* VALUE, of which the compiler now knows nothing, and the verifier that it has no bits but MASK's. */
static __always_inline __u64 bounded(__u64 value, const __u64 mask)
{
	asm volatile("%0 &= %1" : "+r"(value) : "i"(mask));
	return value;
}

/*
 * A mask of all ones, or 0 if VALUE, which is below 2^63, is 0: without a branch, and the compiler makes none of it.
 * In a loop, the verifier then sees one state for each turn, not two to the power of the turns.
 */
static __always_inline __u64 ones_unless_zero(__u64 value)
{
	asm volatile("%0 = -%0; %0 s>>= 63" : "+r"(value));
	return value;
}

#endif /* BPF_BOUNDED_H */
