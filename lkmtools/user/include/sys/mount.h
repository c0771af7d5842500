/* <sys/mount.h>, with the functions. */

#ifndef _USER_SYS_MOUNT_H_
#define _USER_SYS_MOUNT_H_

#include_next <sys/mount.h>

int	mount(const char *, const char *, int, void *, size_t);
int	unmount(const char *, int);

#endif
