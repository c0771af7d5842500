/* <sys/limits.h>: the ranges of the C integer types and the system's limits. */

#include <machine/limits.h>
#include <sys/syslimits.h>
