/* <sys/mman.h>: protections and flags of mmap(2). */

#ifndef _SYS_MMAN_H_
#define _SYS_MMAN_H_

#include <sys/types.h>

#define PROT_NONE	0
#define PROT_READ	1
#define PROT_WRITE	2
#define PROT_EXEC	4
#define MAP_FILE	0x0000
#define MAP_SHARED	0x0001
#define MAP_PRIVATE	0x0002
#define MAP_FIXED	0x0010
#define MAP_ANON	0x1000
#define MAP_FAILED	((void *)-1)

/* msync(2) */
#define MS_ASYNC	0x01
#define MS_INVALIDATE	0x02
#define MS_SYNC		0x04

#endif
