/* <sys/simplelock.h>: everything is in <sys/lock.h>. */

#include <sys/lock.h>
