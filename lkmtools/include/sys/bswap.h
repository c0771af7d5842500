/* <sys/bswap.h>: reversing the bytes of an integer. */

#ifndef _SYS_BSWAP_H_
#define _SYS_BSWAP_H_

#include <sys/types.h>

static __inline __unused uint16_t	bswap16(uint16_t n) { return (uint16_t)(n << 8 | n >> 8); }
static __inline __unused uint32_t	bswap32(uint32_t n) { return __builtin_bswap32(n); }
static __inline __unused uint64_t	bswap64(uint64_t n) { return __builtin_bswap64(n); }

#endif
