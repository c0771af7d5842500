/* <a.out.h>: <sys/exec_aout.h>, for kernel sources that include the header of programs. */

#include <sys/exec_aout.h>
