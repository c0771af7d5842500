/* <sys/bswap.h>: reversing the bytes of an integer, also in a constant expression. */

#ifndef _SYS_BSWAP_H_
#define _SYS_BSWAP_H_

#include <sys/cdefs.h>
#include <sys/stdint.h>

static __inline __unused uint16_t	bswap16(uint16_t n) { return (uint16_t)(n << 8 | n >> 8); }
static __inline __unused uint32_t	bswap32(uint32_t n) { return __builtin_bswap32(n); }
static __inline __unused uint64_t	bswap64(uint64_t n) { return __builtin_bswap64(n); }

#define bswap16(x)	((uint16_t)__builtin_bswap16((uint16_t)(x)))
#define bswap32(x)	((uint32_t)__builtin_bswap32((uint32_t)(x)))
#define bswap64(x)	((uint64_t)__builtin_bswap64((uint64_t)(x)))

#endif
