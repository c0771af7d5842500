/* <machine/vmparam.h>: where programs and their stacks lie. */

#ifndef _MACHINE_VMPARAM_H_
#define _MACHINE_VMPARAM_H_

#include <sys/cdefs.h>

#ifdef __LP64__
#define VM_MAXUSER_ADDRESS	0x00007f7ffffff000UL
#else
#define VM_MAXUSER_ADDRESS	0xbfc00000UL
#endif
#define VM_MIN_ADDRESS		0UL
#define VM_MAX_ADDRESS		VM_MAXUSER_ADDRESS
#define USRSTACK		(VM_MAXUSER_ADDRESS - 4096)	/* the last page has the signal trampoline */
#define MAXSSIZ			(2UL << 20)
#define DFLSSIZ			MAXSSIZ

#endif
