/* <sys/mount.h>: file systems; what a module needs in order to name them. */

#ifndef _SYS_MOUNT_H_
#define _SYS_MOUNT_H_

#include <sys/param.h>
#include <sys/queue.h>

struct mount;
struct vfsops;
struct vnode;
struct vnodeopv_desc;

#define MFSNAMELEN	16
#define MNAMELEN	90

typedef struct {
	int32_t	__fsid_val[2];
} fsid_t;

#endif
