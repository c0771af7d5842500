/* <sys/syscallvar.h>: the system call table, which <sys/systm.h> declares. */

#ifndef _SYS_SYSCALLVAR_H_
#define _SYS_SYSCALLVAR_H_

#include <sys/systm.h>

#endif
