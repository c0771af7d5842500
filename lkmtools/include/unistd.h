/* <unistd.h>: nothing. Kernel sources of the era include it; <sys/systm.h> declares what the kernel has. */

#include <sys/cdefs.h>
