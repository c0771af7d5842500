/* <sys/cpu.h>: everything is in <machine/cpu.h>. */

#include <machine/cpu.h>
