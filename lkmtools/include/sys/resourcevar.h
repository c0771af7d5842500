/* <sys/resourcevar.h>: resource limits and usage; what a module needs in order to name them. */

#ifndef _SYS_RESOURCEVAR_H_
#define _SYS_RESOURCEVAR_H_

#include <sys/cdefs.h>

struct pstats;
struct plimit;

#endif
