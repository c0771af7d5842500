/* <sys/kthread.h>: kthread(9): threads of the kernel. */

#ifndef _SYS_KTHREAD_H_
#define _SYS_KTHREAD_H_

#include <sys/types.h>
#include <sys/proc.h>

#define KTHREAD_IDLE	0x01
#define KTHREAD_MPSAFE	0x02
#define KTHREAD_INTR	0x04

#ifdef _KERNEL
struct cpu_info;

/* The new thread calls func(arg), and ends in kthread_exit(). An errno, or 0. */
int	kthread_create(pri_t pri, int flag, struct cpu_info *ci, void (*func)(void *), void *arg, struct lwp **lp,
	    const char *fmt, ...);
void	kthread_exit(int ecode) __dead;
void	kthread_destroy(struct lwp *l);

/*
 * Before NetBSD 5 kthread_create(func, arg) called a function that creates threads as soon as init ran: at once, in a
 * module. kthread_create1() started the thread, a process of its own, and OpenBSD called that kthread_create().
 */
#if __LKM_API < 500
#define kthread_create1(func, arg, procp, ...) __extension__ ({ \
	struct lwp *__lkm_l; \
	struct proc **__lkm_p = (procp); \
	int __lkm_error = (kthread_create)(PRI_NONE, 0, NULL, (func), (arg), &__lkm_l, __VA_ARGS__); \
	\
	if (__lkm_error == 0 && __lkm_p != NULL) \
		*__lkm_p = __lkm_l->l_proc; \
	__lkm_error; \
})
#ifdef __OpenBSD__
#define kthread_create(func, arg, procp, ...)	kthread_create1((func), (arg), (procp), __VA_ARGS__)
#define kthread_create_deferred(func, arg)	((*(func))(arg))
#else
#define kthread_create(func, arg)		((*(func))(arg))
#endif
#endif
#endif

#endif
