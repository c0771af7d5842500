/* <machine/types.h>: addresses, registers, and what this machine has; one file for amd64 and i386. */

#ifndef _MACHINE_TYPES_H_
#define _MACHINE_TYPES_H_

#include <sys/stdint.h>

typedef unsigned long	vaddr_t;
typedef unsigned long	vsize_t;
typedef unsigned long	paddr_t;
typedef unsigned long	psize_t;
typedef unsigned long	vm_offset_t;
typedef unsigned long	vm_size_t;
#ifdef __LP64__
typedef long		register_t;
#else
typedef int		register_t;
#endif
typedef volatile unsigned char	__cpu_simple_lock_t;

#define __SIMPLELOCK_LOCKED	1
#define __SIMPLELOCK_UNLOCKED	0

#define __HAVE_TIMECOUNTER
#define __HAVE_GENERIC_SOFT_INTERRUPTS
#define __HAVE_DEVICE_REGISTER
#define __HAVE_MINIMAL_EMUL	/* struct emul has no e_flags, e_errno, e_nosys and e_nsysent */

#endif
