/* <sys/select.h>: in the kernel, <sys/selinfo.h>. */

#ifndef _SYS_SELECT_H_
#define _SYS_SELECT_H_

#include <sys/types.h>
#include <sys/selinfo.h>

#endif
