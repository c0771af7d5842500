/* <sys/cpu.h>: the CPU; the rest is in <machine/cpu.h>. */

#ifndef _SYS_CPU_H_
#define _SYS_CPU_H_

#include <sys/types.h>
#include <machine/cpu.h>

#ifdef _KERNEL
/* Is an interrupt being served? There are none. */
bool	cpu_intr_p(void);
#endif

#endif
