/* <machine/cpu.h>: who runs. */

#ifndef _MACHINE_CPU_H_
#define _MACHINE_CPU_H_

#include <sys/null.h>

#ifdef _KERNEL
struct lwp;
struct proc;

extern struct lwp	*curlwp;
/* Code that runs for no process, as a callout does, has none. */
#define curproc		(curlwp != NULL ? curlwp->l_proc : NULL)
#define cpu_number()	0
#endif

#endif
