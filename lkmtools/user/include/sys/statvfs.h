/* <sys/statvfs.h>, with the functions. */

#ifndef _USER_SYS_STATVFS_H_
#define _USER_SYS_STATVFS_H_

#include_next <sys/statvfs.h>

int	fstatvfs(int, struct statvfs *);
int	fstatvfs1(int, struct statvfs *, int);
int	getvfsstat(struct statvfs *, size_t, int);
int	statvfs(const char *, struct statvfs *);
int	statvfs1(const char *, struct statvfs *, int);

#endif
