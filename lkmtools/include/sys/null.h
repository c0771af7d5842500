/* <sys/null.h>: the null pointer. */

#ifndef _SYS_NULL_H_
#define _SYS_NULL_H_

#include <sys/cdefs.h>

#ifndef NULL
#define NULL	((void *)0)
#endif

#endif
