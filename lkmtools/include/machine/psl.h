/* <machine/psl.h>: the flags register; interrupt levels are <machine/intr.h>'s. */

#ifndef _MACHINE_PSL_H_
#define _MACHINE_PSL_H_

#include <machine/intr.h>

#define PSL_C		0x00000001
#define PSL_T		0x00000100
#define PSL_D		0x00000400
#define PSL_VM		0x00020000
#define PSL_USER	0x00240cd5	/* what programs may change */

#endif
