/* <sys/xcall.h>: xcall(9): calling a function on other processors; there is one here. */

#ifndef _SYS_XCALL_H_
#define _SYS_XCALL_H_

#include <sys/types.h>

struct cpu_info;

typedef void	(*xcfunc_t)(void *, void *);

#define XC_HIGHPRI	0x01

#ifdef _KERNEL
uint64_t	xc_broadcast(u_int flags, xcfunc_t func, void *arg1, void *arg2);
uint64_t	xc_unicast(u_int flags, xcfunc_t func, void *arg1, void *arg2, struct cpu_info *ci);
void		xc_wait(uint64_t where);
#endif

#endif
