/* What the compiler calls where the machine has no instruction: counting bits, and 64-bit integers of 32-bit machines. */

#include <sys/null.h>

int	__popcountsi2(unsigned);
int	__popcountdi2(unsigned long long);
int	__ctzdi2(unsigned long long);
int	__clzdi2(unsigned long long);
int	__ffsdi2(unsigned long long);
int	__paritydi2(unsigned long long);

int __popcountsi2(unsigned n) { int bits = 0; for (; n != 0; n &= n - 1) bits++; return bits; }
int __popcountdi2(unsigned long long n) { return __popcountsi2((unsigned)n) + __popcountsi2((unsigned)(n >> 32)); }
int __paritydi2(unsigned long long n) { return __popcountdi2(n) & 1; }
int __ctzdi2(unsigned long long n) { int bits = 0; while (bits < 63 && !(n >> bits & 1)) bits++; return bits; }
int __clzdi2(unsigned long long n) { int bits = 63; while (bits > 0 && !(n >> bits & 1)) bits--; return 63 - bits; }
int __ffsdi2(unsigned long long n) { return n != 0 ? __ctzdi2(n) + 1 : 0; }

#ifndef __LP64__
unsigned long long __udivmoddi4(unsigned long long, unsigned long long, unsigned long long *);
unsigned long long __udivdi3(unsigned long long, unsigned long long);
unsigned long long __umoddi3(unsigned long long, unsigned long long);
long long __divdi3(long long, long long);
long long __moddi3(long long, long long);
long long __divmoddi4(long long, long long, long long *);

unsigned long long
__udivmoddi4(unsigned long long a, unsigned long long b, unsigned long long *rest)
{
	unsigned long long q = 0, r = 0;
	int i;

	if (b == 0)
		__asm__ volatile("divl %0" : : "r"(0) : "eax", "edx");
	for (i = 63; i >= 0; i--) {
		r = r << 1 | (a >> i & 1);
		if (r >= b) {
			r -= b;
			q |= 1ULL << i;
		}
	}
	if (rest != NULL)
		*rest = r;
	return q;
}
unsigned long long __udivdi3(unsigned long long a, unsigned long long b) { return __udivmoddi4(a, b, NULL); }
unsigned long long
__umoddi3(unsigned long long a, unsigned long long b)
{
	unsigned long long r;

	__udivmoddi4(a, b, &r);
	return r;
}
long long
__divdi3(long long a, long long b)
{
	unsigned long long q = __udivmoddi4(a < 0 ? -(unsigned long long)a : (unsigned long long)a,
	    b < 0 ? -(unsigned long long)b : (unsigned long long)b, NULL);

	return (long long)((a < 0) != (b < 0) ? -q : q);
}
long long
__moddi3(long long a, long long b)
{
	unsigned long long r;

	__udivmoddi4(a < 0 ? -(unsigned long long)a : (unsigned long long)a,
	    b < 0 ? -(unsigned long long)b : (unsigned long long)b, &r);
	return (long long)(a < 0 ? -r : r);
}
long long
__divmoddi4(long long a, long long b, long long *rest)
{
	*rest = __moddi3(a, b);
	return __divdi3(a, b);
}
#endif
