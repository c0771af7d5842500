/* <errno.h>: <sys/errno.h>, for kernel sources that include the header of programs. */

#include <sys/errno.h>
