/* <sys/vnode.h>: vnodes; what a driver needs in order to name them. */

#ifndef _SYS_VNODE_H_
#define _SYS_VNODE_H_

#include <sys/param.h>
#include <sys/queue.h>

struct vnode;

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD };

/* The ioflag argument of a device's read and write. */
#define IO_UNIT		0x00000010
#define IO_APPEND	0x00000020
#define IO_SYNC		0x00000040
#define IO_NODELOCKED	0x00000080
#define IO_NDELAY	0x00000100

#define VREAD		00004
#define VWRITE		00002
#define VEXEC		00001

#endif
