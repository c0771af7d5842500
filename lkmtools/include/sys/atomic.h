/* <sys/atomic.h>: atomic_ops(3) and membar_ops(3), which the compiler does in place where the machine can. */

#ifndef _SYS_ATOMIC_H_
#define _SYS_ATOMIC_H_

#include <sys/types.h>

#define __LKM_ATOMIC static __inline __unused

/* Without an argument: inc and dec, and with _nv the new value. */
#define __LKM_ATOMIC_STEP(verb, builtin, name, type) \
	__LKM_ATOMIC void \
	atomic_ ## verb ## _ ## name(volatile type *p) \
	{ \
		(void)builtin(p, 1); \
	} \
	__LKM_ATOMIC type \
	atomic_ ## verb ## _ ## name ## _nv(volatile type *p) \
	{ \
		return builtin(p, 1); \
	}

/* With one: add, and, or. */
#define __LKM_ATOMIC_OP(verb, builtin, name, type, arg) \
	__LKM_ATOMIC void \
	atomic_ ## verb ## _ ## name(volatile type *p, arg n) \
	{ \
		(void)builtin(p, n); \
	} \
	__LKM_ATOMIC type \
	atomic_ ## verb ## _ ## name ## _nv(volatile type *p, arg n) \
	{ \
		return builtin(p, n); \
	}

#define __LKM_ATOMIC_EXCHANGE(name, type) \
	__LKM_ATOMIC type \
	atomic_cas_ ## name(volatile type *p, type old, type new) \
	{ \
		return __sync_val_compare_and_swap(p, old, new); \
	} \
	__LKM_ATOMIC type \
	atomic_cas_ ## name ## _ni(volatile type *p, type old, type new) \
	{ \
		return __sync_val_compare_and_swap(p, old, new); \
	} \
	__LKM_ATOMIC type \
	atomic_swap_ ## name(volatile type *p, type new) \
	{ \
		return __sync_lock_test_and_set(p, new); \
	}

/* `sname` and `signed` are what add takes. */
#define __LKM_ATOMIC_TYPE(name, type, sname, signed) \
	__LKM_ATOMIC_STEP(inc, __sync_add_and_fetch, name, type) \
	__LKM_ATOMIC_STEP(dec, __sync_sub_and_fetch, name, type) \
	__LKM_ATOMIC_OP(add, __sync_add_and_fetch, sname, type, signed) \
	__LKM_ATOMIC_OP(and, __sync_and_and_fetch, name, type, type) \
	__LKM_ATOMIC_OP(or, __sync_or_and_fetch, name, type, type) \
	__LKM_ATOMIC_EXCHANGE(name, type)

__LKM_ATOMIC_TYPE(uint, u_int, int, int)
__LKM_ATOMIC_TYPE(ulong, u_long, long, long)
__LKM_ATOMIC_TYPE(32, uint32_t, 32, int32_t)
#ifdef __LP64__
__LKM_ATOMIC_TYPE(64, uint64_t, 64, int64_t)
#endif

/* Of pointers, which count in bytes. */
#define __LKM_ATOMIC_PTR(verb, params, arg) \
	__LKM_ATOMIC void \
	atomic_ ## verb ## _ptr params \
	{ \
		(void)__sync_add_and_fetch((volatile u_long *)p, (u_long)(arg)); \
	} \
	__LKM_ATOMIC void * \
	atomic_ ## verb ## _ptr_nv params \
	{ \
		return (void *)__sync_add_and_fetch((volatile u_long *)p, (u_long)(arg)); \
	}

__LKM_ATOMIC_PTR(inc, (volatile void *p), 1)
__LKM_ATOMIC_PTR(dec, (volatile void *p), -1)
__LKM_ATOMIC_PTR(add, (volatile void *p, ssize_t n), n)

__LKM_ATOMIC void *
atomic_cas_ptr(volatile void *p, void *old, void *new)
{
	return __sync_val_compare_and_swap((void *volatile *)p, old, new);
}

__LKM_ATOMIC void *
atomic_cas_ptr_ni(volatile void *p, void *old, void *new)
{
	return atomic_cas_ptr(p, old, new);
}

__LKM_ATOMIC void *
atomic_swap_ptr(volatile void *p, void *new)
{
	return __sync_lock_test_and_set((void *volatile *)p, new);
}

#define __LKM_BARRIER(name) \
	__LKM_ATOMIC void \
	membar_ ## name(void) \
	{ \
		__sync_synchronize(); \
	}

__LKM_BARRIER(enter)
__LKM_BARRIER(exit)
__LKM_BARRIER(producer)
__LKM_BARRIER(consumer)
__LKM_BARRIER(sync)

#endif
