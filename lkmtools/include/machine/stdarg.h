/* <machine/stdarg.h>: where sources before NetBSD 5 look for <sys/stdarg.h>. */

#include <sys/stdarg.h>
