/* <nlist.h>: nothing. Kernel sources of the era include it. */

#include <sys/cdefs.h>
