/* <sys/bitops.h>: bits of a number: the first, the last, the logarithm. */

#ifndef _SYS_BITOPS_H_
#define _SYS_BITOPS_H_

#include <sys/types.h>

/* Bits are counted from 1, the lowest; 0: there is none. */
static __inline __unused int
ffs32(uint32_t n)
{
	return __builtin_ffs((int)n);
}

static __inline __unused int
ffs64(uint64_t n)
{
	return (uint32_t)n != 0 ? ffs32((uint32_t)n) : n != 0 ? 32 + ffs32((uint32_t)(n >> 32)) : 0;
}

static __inline __unused int
fls32(uint32_t n)
{
	int bit = 0;

	for (; n != 0; n >>= 1)
		bit++;
	return bit;
}

static __inline __unused int
fls64(uint64_t n)
{
	return n >> 32 != 0 ? 32 + fls32((uint32_t)(n >> 32)) : fls32((uint32_t)n);
}

/* The logarithm to base 2, rounded down; -1 of 0. */
#define ilog2(n)	(sizeof(n) > 4 ? fls64(n) - 1 : fls32((uint32_t)(n)) - 1)

#endif
