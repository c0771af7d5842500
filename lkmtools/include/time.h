/* <time.h>: <sys/time.h>, for kernel sources that include the header of programs. */

#include <sys/time.h>
