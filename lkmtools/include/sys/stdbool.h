/* <sys/stdbool.h>: the boolean type of C99. */

#ifndef _SYS_STDBOOL_H_
#define _SYS_STDBOOL_H_

#include <sys/cdefs.h>

#if !defined(__cplusplus) && !(defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define bool	_Bool
#define true	1
#define false	0
#endif
#define __bool_true_false_are_defined	1

#endif
