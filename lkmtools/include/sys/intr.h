/* <sys/intr.h>: everything is in <machine/intr.h>. */

#include <machine/intr.h>
