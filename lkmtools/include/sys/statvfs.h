/* <sys/statvfs.h>: what statvfs(2) tells of a mounted file system. */

#ifndef _SYS_STATVFS_H_
#define _SYS_STATVFS_H_

#include <sys/types.h>

#define _VFS_NAMELEN	32
#define _VFS_MNAMELEN	1024
#define VFS_NAMELEN	_VFS_NAMELEN
#define VFS_MNAMELEN	_VFS_MNAMELEN

typedef struct fsid {
	int32_t	__fsid_val[2];
} fsid_t;

struct statvfs {
	u_long		f_flag;
	u_long		f_bsize;
	u_long		f_frsize;	/* the unit of the blocks below */
	u_long		f_iosize;
	uint64_t	f_blocks;
	uint64_t	f_bfree;
	uint64_t	f_bavail;
	uint64_t	f_bresvd;
	uint64_t	f_files;
	uint64_t	f_ffree;
	uint64_t	f_favail;
	uint64_t	f_fresvd;
	uint64_t	f_syncreads;
	uint64_t	f_syncwrites;
	uint64_t	f_asyncreads;
	uint64_t	f_asyncwrites;
	fsid_t		f_fsidx;
	u_long		f_fsid;
	u_long		f_namemax;
	uid_t		f_owner;
	uint32_t	f_spare[4];
	char		f_fstypename[VFS_NAMELEN];
	char		f_mntonname[VFS_MNAMELEN];
	char		f_mntfromname[VFS_MNAMELEN];
};

#define ST_WAIT		1
#define ST_NOWAIT	2

#endif
