/* <sys/lwp.h>: everything is in <sys/proc.h>. */

#include <sys/proc.h>
