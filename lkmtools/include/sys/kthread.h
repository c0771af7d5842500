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
#endif

#endif
