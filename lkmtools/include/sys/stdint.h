/* <sys/stdint.h>: integers of exact width, as the compiler itself defines them. */

#ifndef _SYS_STDINT_H_
#define _SYS_STDINT_H_

#include <sys/cdefs.h>

typedef signed char		int8_t;
typedef unsigned char		uint8_t;
typedef short			int16_t;
typedef unsigned short		uint16_t;
typedef int			int32_t;
typedef unsigned int		uint32_t;
#ifdef __LP64__
typedef long			int64_t;
typedef unsigned long		uint64_t;
#define __LKM_INT64(c)		c ## L
#define __LKM_UINT64(c)		c ## UL
#else
typedef long long		int64_t;
typedef unsigned long long	uint64_t;
#define __LKM_INT64(c)		c ## LL
#define __LKM_UINT64(c)		c ## ULL
#endif
typedef __INTPTR_TYPE__		intptr_t;
typedef __UINTPTR_TYPE__	uintptr_t;
typedef int8_t			int_least8_t;
typedef uint8_t			uint_least8_t;
typedef int16_t			int_least16_t;
typedef uint16_t		uint_least16_t;
typedef int32_t			int_least32_t;
typedef uint32_t		uint_least32_t;
typedef int64_t			int_least64_t;
typedef uint64_t		uint_least64_t;
#ifdef __LP64__
typedef int32_t			int_fast8_t;
typedef uint32_t		uint_fast8_t;
typedef int32_t			int_fast16_t;
typedef uint32_t		uint_fast16_t;
#else
typedef int8_t			int_fast8_t;
typedef uint8_t			uint_fast8_t;
typedef int16_t			int_fast16_t;
typedef uint16_t		uint_fast16_t;
#endif
typedef int32_t			int_fast32_t;
typedef uint32_t		uint_fast32_t;
typedef int64_t			int_fast64_t;
typedef uint64_t		uint_fast64_t;
typedef int64_t			intmax_t;
typedef uint64_t		uintmax_t;

#define INT8_MIN	(-0x7f - 1)
#define INT16_MIN	(-0x7fff - 1)
#define INT32_MIN	(-0x7fffffff - 1)
#define INT64_MIN	(-__LKM_INT64(0x7fffffffffffffff) - 1)
#define INT8_MAX	0x7f
#define INT16_MAX	0x7fff
#define INT32_MAX	0x7fffffff
#define INT64_MAX	__LKM_INT64(0x7fffffffffffffff)
#define UINT8_MAX	0xff
#define UINT16_MAX	0xffff
#define UINT32_MAX	0xffffffffU
#define UINT64_MAX	__LKM_UINT64(0xffffffffffffffff)

#endif
