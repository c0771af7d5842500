/* <inttypes.h>, <stdint.h>, <limits.h>, <stddef.h>, <stdbool.h>: every letter fits its type (-Wformat), each range it. */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SIGNED(kind, n, type, most)	do { \
	type v = (type)-42, top = most; \
	printf("%" PRId ## kind ## n " %" PRIi ## kind ## n " %d\n", v, v, top == most && (type)(most) > 0); \
} while (0)
#define UNSIGNED(kind, n, type, most)	do { \
	type v = 42, top = most; \
	printf("%" PRIo ## kind ## n " %" PRIu ## kind ## n " %" PRIx ## kind ## n " %" PRIX ## kind ## n " %d\n", v, v, v, v, \
	    top == (type)-1); \
} while (0)
#define WIDTH(n) \
	SIGNED(, n, int ## n ## _t, INT ## n ## _MAX); \
	UNSIGNED(, n, uint ## n ## _t, UINT ## n ## _MAX); \
	SIGNED(LEAST, n, int_least ## n ## _t, INT_LEAST ## n ## _MAX); \
	UNSIGNED(LEAST, n, uint_least ## n ## _t, UINT_LEAST ## n ## _MAX); \
	SIGNED(FAST, n, int_fast ## n ## _t, INT_FAST ## n ## _MAX); \
	UNSIGNED(FAST, n, uint_fast ## n ## _t, UINT_FAST ## n ## _MAX)

/* That each range is its type's, from the smallest on, is seen when this is compiled. */
#define RANGE(type, least, most) \
	_Static_assert((type)(most) == (most) && (type)(least) == (least) && sizeof(most) >= sizeof(type), #type); \
	_Static_assert(((least) < 0) == ((type)-1 < 0), #type)
RANGE(int8_t, INT8_MIN, INT8_MAX); RANGE(int16_t, INT16_MIN, INT16_MAX); RANGE(int32_t, INT32_MIN, INT32_MAX);
RANGE(int64_t, INT64_MIN, INT64_MAX); RANGE(intptr_t, INTPTR_MIN, INTPTR_MAX); RANGE(intmax_t, INTMAX_MIN, INTMAX_MAX);
RANGE(ptrdiff_t, PTRDIFF_MIN, PTRDIFF_MAX); RANGE(wchar_t, WCHAR_MIN, WCHAR_MAX); RANGE(uintptr_t, 0, UINTPTR_MAX);
RANGE(uintmax_t, 0, UINTMAX_MAX); RANGE(size_t, 0, SIZE_MAX); RANGE(char, CHAR_MIN, CHAR_MAX); RANGE(short, SHRT_MIN, SHRT_MAX);
RANGE(int, INT_MIN, INT_MAX); RANGE(long, LONG_MIN, LONG_MAX); RANGE(long long, LLONG_MIN, LLONG_MAX);
RANGE(unsigned char, 0, UCHAR_MAX); RANGE(unsigned short, 0, USHRT_MAX); RANGE(unsigned, 0, UINT_MAX);
RANGE(unsigned long, 0, ULONG_MAX); RANGE(unsigned long long, 0, ULLONG_MAX); RANGE(ssize_t, -SSIZE_MAX - 1, SSIZE_MAX);
_Static_assert((size_t)-1 == SIZE_MAX && (uintptr_t)-1 == UINTPTR_MAX && (unsigned long)-1 == ULONG_MAX, "the largest");
_Static_assert(sizeof(L'x') == sizeof(wchar_t) && sizeof(sizeof(int)) == sizeof(size_t), "the language's own");
_Static_assert(sizeof(INT64_C(1)) == 8 && sizeof(UINTMAX_C(1)) == 8 && UINT32_C(1) - 2 > 0, "constants");
_Static_assert(CHAR_BIT == 8 && MB_LEN_MAX >= 1 && PATH_MAX >= 1024 && NAME_MAX >= 255, "limits");

struct pair { char a; long long b; };

int
main(void)
{
	bool yes = 42;
	int64_t v = INT64_MIN;

	WIDTH(8); WIDTH(16); WIDTH(32); WIDTH(64);
	SIGNED(, MAX, intmax_t, INTMAX_MAX); UNSIGNED(, MAX, uintmax_t, UINTMAX_MAX);
	SIGNED(, PTR, intptr_t, INTPTR_MAX); UNSIGNED(, PTR, uintptr_t, UINTPTR_MAX);
	printf("%" PRId64 " %" PRIu64 " %" PRIx64 "\n", v, UINT64_MAX, UINT64_C(0xfedcba9876543210));
	printf("%d %d %d\n", yes, true + false, offsetof(struct pair, b) >= 4);
	return 0;
}
