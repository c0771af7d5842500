/* <limits.h>: <sys/limits.h>, for kernel sources that include the header of programs. */

#include <sys/limits.h>
