/* <sys/filedesc.h>: descriptor tables; their members are the kernel's own. */

#ifndef _SYS_FILEDESC_H_
#define _SYS_FILEDESC_H_

#include <sys/types.h>

struct filedesc;
struct cwdinfo;

#endif
