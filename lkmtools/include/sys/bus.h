/* <sys/bus.h>: everything is in <machine/bus.h>. */

#include <machine/bus.h>
