/* <sys/userret.h>: the end of a system call handler; signals and scheduling come by themselves afterwards. */

#ifndef _SYS_USERRET_H_
#define _SYS_USERRET_H_

#include <sys/cdefs.h>

struct lwp;

#ifdef _KERNEL
void	userret(struct lwp *l);
#endif

#endif
