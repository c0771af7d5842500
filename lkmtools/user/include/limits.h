/* <limits.h>: the ranges of the C integer types and the system's limits. */

#ifndef _LIMITS_H_
#define _LIMITS_H_

#include <sys/limits.h>

#define MB_LEN_MAX	32
#define LINE_MAX	2048

#endif
