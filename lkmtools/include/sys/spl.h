/* <sys/spl.h>: everything is in <sys/systm.h>. */

#include <sys/systm.h>
