/* <fcntl.h>: <sys/fcntl.h>, for kernel sources that include the header of programs. */

#include <sys/fcntl.h>
