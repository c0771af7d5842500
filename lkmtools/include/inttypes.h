/* <inttypes.h>: <sys/inttypes.h>, for kernel sources that include the header of programs. */

#include <sys/inttypes.h>
