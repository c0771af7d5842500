/* <sys/atomic.h>: atomic_ops(3), done by the compiler in place. */

#ifndef _SYS_ATOMIC_H_
#define _SYS_ATOMIC_H_

#include <sys/types.h>

#define __LKM_ATOMIC(name, type) \
	static __inline __unused void \
	atomic_inc_ ## name(volatile type *p) \
	{ \
		(void)__sync_add_and_fetch(p, 1); \
	} \
	static __inline __unused type \
	atomic_inc_ ## name ## _nv(volatile type *p) \
	{ \
		return __sync_add_and_fetch(p, 1); \
	} \
	static __inline __unused void \
	atomic_dec_ ## name(volatile type *p) \
	{ \
		(void)__sync_sub_and_fetch(p, 1); \
	} \
	static __inline __unused type \
	atomic_dec_ ## name ## _nv(volatile type *p) \
	{ \
		return __sync_sub_and_fetch(p, 1); \
	} \
	static __inline __unused type \
	atomic_cas_ ## name(volatile type *p, type old, type new) \
	{ \
		return __sync_val_compare_and_swap(p, old, new); \
	} \
	static __inline __unused type \
	atomic_swap_ ## name(volatile type *p, type new) \
	{ \
		return __sync_lock_test_and_set(p, new); \
	}

__LKM_ATOMIC(uint, u_int)
__LKM_ATOMIC(ulong, u_long)
__LKM_ATOMIC(32, uint32_t)

#define __LKM_ATOMIC_OP(op, builtin, name, type, arg) \
	static __inline __unused void \
	atomic_ ## op ## _ ## name(volatile type *p, arg n) \
	{ \
		(void)builtin(p, n); \
	} \
	static __inline __unused type \
	atomic_ ## op ## _ ## name ## _nv(volatile type *p, arg n) \
	{ \
		return builtin(p, n); \
	}

__LKM_ATOMIC_OP(add, __sync_add_and_fetch, int, u_int, int)
__LKM_ATOMIC_OP(add, __sync_add_and_fetch, long, u_long, long)
__LKM_ATOMIC_OP(add, __sync_add_and_fetch, 32, uint32_t, int32_t)
__LKM_ATOMIC_OP(or, __sync_or_and_fetch, uint, u_int, u_int)
__LKM_ATOMIC_OP(or, __sync_or_and_fetch, ulong, u_long, u_long)
__LKM_ATOMIC_OP(or, __sync_or_and_fetch, 32, uint32_t, uint32_t)
__LKM_ATOMIC_OP(and, __sync_and_and_fetch, uint, u_int, u_int)
__LKM_ATOMIC_OP(and, __sync_and_and_fetch, ulong, u_long, u_long)
__LKM_ATOMIC_OP(and, __sync_and_and_fetch, 32, uint32_t, uint32_t)

static __inline __unused void *
atomic_cas_ptr(volatile void *p, void *old, void *new)
{
	return __sync_val_compare_and_swap((void *volatile *)p, old, new);
}

#define membar_enter()		__sync_synchronize()
#define membar_exit()		__sync_synchronize()
#define membar_producer()	__sync_synchronize()
#define membar_consumer()	__sync_synchronize()
#define membar_sync()		__sync_synchronize()

#endif
