/* <stdint.h>: integers of given widths, and their ranges. The fast ones are those of NetBSD: an int at least. */

#ifndef _STDINT_H_
#define _STDINT_H_

#include <sys/stdint.h>

typedef int8_t		int_least8_t;
typedef uint8_t		uint_least8_t;
typedef int16_t		int_least16_t;
typedef uint16_t	uint_least16_t;
typedef int32_t		int_least32_t;
typedef uint32_t	uint_least32_t;
typedef int64_t		int_least64_t;
typedef uint64_t	uint_least64_t;
typedef int		int_fast8_t;
typedef unsigned int	uint_fast8_t;
typedef int		int_fast16_t;
typedef unsigned int	uint_fast16_t;
typedef int		int_fast32_t;
typedef unsigned int	uint_fast32_t;
typedef int64_t		int_fast64_t;
typedef uint64_t	uint_fast64_t;

#define INT_LEAST8_MIN	INT8_MIN
#define INT_LEAST8_MAX	INT8_MAX
#define UINT_LEAST8_MAX	UINT8_MAX
#define INT_LEAST16_MIN	INT16_MIN
#define INT_LEAST16_MAX	INT16_MAX
#define UINT_LEAST16_MAX	UINT16_MAX
#define INT_LEAST32_MIN	INT32_MIN
#define INT_LEAST32_MAX	INT32_MAX
#define UINT_LEAST32_MAX	UINT32_MAX
#define INT_LEAST64_MIN	INT64_MIN
#define INT_LEAST64_MAX	INT64_MAX
#define UINT_LEAST64_MAX	UINT64_MAX
#define INT_FAST8_MIN	INT32_MIN
#define INT_FAST8_MAX	INT32_MAX
#define UINT_FAST8_MAX	UINT32_MAX
#define INT_FAST16_MIN	INT32_MIN
#define INT_FAST16_MAX	INT32_MAX
#define UINT_FAST16_MAX	UINT32_MAX
#define INT_FAST32_MIN	INT32_MIN
#define INT_FAST32_MAX	INT32_MAX
#define UINT_FAST32_MAX	UINT32_MAX
#define INT_FAST64_MIN	INT64_MIN
#define INT_FAST64_MAX	INT64_MAX
#define UINT_FAST64_MAX	UINT64_MAX

#define INTMAX_MIN	INT64_MIN
#define INTMAX_MAX	INT64_MAX
#define UINTMAX_MAX	UINT64_MAX
#define INTPTR_MAX	__INTPTR_MAX__
#define INTPTR_MIN	(-INTPTR_MAX - 1)
#define UINTPTR_MAX	__UINTPTR_MAX__
#define PTRDIFF_MAX	__PTRDIFF_MAX__
#define PTRDIFF_MIN	(-PTRDIFF_MAX - 1)
#define SIZE_MAX	__SIZE_MAX__
#define SIG_ATOMIC_MAX	INT32_MAX
#define SIG_ATOMIC_MIN	INT32_MIN
#define WCHAR_MAX	__WCHAR_MAX__
#define WCHAR_MIN	(-WCHAR_MAX - 1)

/* Constants of these types. */
#define INT8_C(c)	c
#define INT16_C(c)	c
#define INT32_C(c)	c
#define UINT8_C(c)	c
#define UINT16_C(c)	c
#define UINT32_C(c)	c ## U
#define INT64_C(c)	__LKM_INT64(c)
#define UINT64_C(c)	__LKM_UINT64(c)
#define INTMAX_C(c)	INT64_C(c)
#define UINTMAX_C(c)	UINT64_C(c)

#endif
