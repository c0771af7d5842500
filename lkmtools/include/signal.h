/* <signal.h>: <sys/signal.h>, for kernel sources that include the header of programs. */

#include <sys/signal.h>
