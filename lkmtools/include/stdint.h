/* <stdint.h>: <sys/stdint.h>, for kernel sources that include the header of programs. */

#include <sys/stdint.h>
