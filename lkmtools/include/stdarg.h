/* <stdarg.h>: <sys/stdarg.h> under its standard name. */

#include <sys/stdarg.h>
